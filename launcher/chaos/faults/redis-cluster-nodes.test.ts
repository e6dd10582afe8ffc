import { expect, test } from '@jest/globals';
import { parseClusterNodes } from './redis-cluster-nodes.js';

test('masters and replicas are read, and who is failing is left out', () => {
  const text = [
    'aaa 127.0.0.1:20001@30001 myself,master - 0 0 1 connected 0-5460',
    'bbb 127.0.0.1:20002@30002,host master - 0 0 2 connected 5461-10922 [93-<-aaa]',
    'ccc 127.0.0.1:20003@30003 slave aaa 0 0 1 connected',
    'ddd 127.0.0.1:20004@30004 master,fail - 0 0 3 disconnected',
    'eee :0@0 master,noaddr - 0 0 0 disconnected',
    '',
  ].join('\n');
  expect(parseClusterNodes(text)).toEqual([
    { id: 'aaa', port: 20001, role: 'MASTER', masterId: '' },
    { id: 'bbb', port: 20002, role: 'MASTER', masterId: '' },
    { id: 'ccc', port: 20003, role: 'REPLICA', masterId: 'aaa' },
  ]);
});
