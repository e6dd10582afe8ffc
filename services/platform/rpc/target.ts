// Turns a configured address list into grpc-js targets, one channel each. IP addresses share one
// channel that goes round them itself; every host name gets its own, because grpc-js resolves only
// one name per channel, and the client goes round the channels.
import { isIPv4, isIPv6 } from 'node:net';

/** Throws on an address that is not `host:port`. */
export function targetsOf(addresses: readonly string[]): string[] {
  const ipv4: string[] = [];
  const ipv6: string[] = [];
  const names: string[] = [];
  for (const address of addresses) {
    const host = hostOf(address);
    if (isIPv4(host)) ipv4.push(address);
    else if (isIPv6(host)) ipv6.push(address);
    else names.push(`dns:///${address}`);
  }
  const targets = [...names];
  if (ipv4.length > 0) targets.push(`ipv4:${ipv4.join(',')}`);
  if (ipv6.length > 0) targets.push(`ipv6:${ipv6.join(',')}`);
  if (targets.length === 0) throw new Error('no address to connect to');
  return targets;
}

function hostOf(address: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:[\]]+)):\d{1,5}$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Error(`not a host:port address: ${JSON.stringify(address)}`);
  return host;
}
