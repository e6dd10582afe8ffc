// gRPC server reflection, v1 and v1alpha (same bytes under another name), from the descriptors that
// the code runs on: what `buf curl` and `grpcurl` list is what is served.
import {
  createRegistry,
  type DescFile,
  type DescService,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import type { GrpcServer } from '../grpc/grpc-server.js';
import { decoder, encoder, methodPath } from './definition.js';
import type { OpenStreams } from './open-streams.js';

type Answer = NonNullable<
  MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']
>;
type ReflectionCall = ServerDuplexStream<
  ServerReflectionRequest,
  MessageInitShape<typeof ServerReflectionResponseSchema>
>;

export function addReflection(
  server: GrpcServer,
  services: readonly DescService[],
  open: OpenStreams,
): void {
  const listed = [...services, Health, ServerReflection];
  const answer = createAnswer(listed);
  const serverReflectionInfo = (call: ReflectionCall) => {
    const end = () => call.end();
    open.add(end);
    call.once('cancelled', () => open.delete(end));
    call.on('end', end);
    call.on('data', (request: ServerReflectionRequest) => {
      call.write({
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request.messageRequest),
      });
    });
  };
  const method = ServerReflection.method.serverReflectionInfo;
  const definition = {
    originalName: method.localName,
    requestStream: true,
    responseStream: true,
    requestSerialize: encoder(method.input),
    requestDeserialize: decoder(method.input),
    responseSerialize: encoder(method.output),
    responseDeserialize: decoder(method.output),
  };
  const path = methodPath(method);
  for (const versioned of [path, path.replace('.v1.', '.v1alpha.')]) {
    server.addService(
      { serverReflectionInfo: { ...definition, path: versioned } },
      { serverReflectionInfo },
    );
  }
}

type Question = ServerReflectionRequest['messageRequest'];

function createAnswer(services: readonly DescService[]): (question: Question) => Answer {
  const files = new Map<string, DescFile>();
  for (const service of services) collect(service.file, files);
  const registry = createRegistry(...files.values());

  function fileOf(symbol: string): DescFile | undefined {
    const type = registry.get(symbol);
    if (type) return type.file;
    // Methods, fields and enum values are asked for by their full name; their parent is known.
    const dot = symbol.lastIndexOf('.');
    return dot < 0 ? undefined : registry.get(symbol.slice(0, dot))?.file;
  }

  function extensionFile(typeName: string, number: number): DescFile | undefined {
    const message = registry.getMessage(typeName);
    return message && registry.getExtensionFor(message, number)?.file;
  }

  return (question) => {
    switch (question.case) {
      case 'listServices': {
        const service = services.map(({ typeName }) => ({ name: typeName }));
        return { case: 'listServicesResponse', value: { service } };
      }
      case 'fileByFilename':
        return describe(files.get(question.value), question.value);
      case 'fileContainingSymbol':
        return describe(fileOf(question.value), question.value);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = question.value;
        const file = extensionFile(containingType, extensionNumber);
        return describe(file, `extension ${extensionNumber} of ${containingType}`);
      }
      case 'allExtensionNumbersOfType': {
        const extensionNumber = [...registry]
          .filter((type) => type.kind === 'extension')
          .filter((type) => type.extendee.typeName === question.value)
          .map((type) => type.number);
        const value = { baseTypeName: question.value, extensionNumber };
        return { case: 'allExtensionNumbersResponse', value };
      }
      default:
        return failed(status.INVALID_ARGUMENT, 'no question');
    }
  };
}

/** A file with all that it imports, so that one question is enough. */
function describe(file: DescFile | undefined, asked: string): Answer {
  if (!file) return failed(status.NOT_FOUND, `not found: ${asked}`);
  const fileDescriptorProto = [...collect(file, new Map()).values()].map(({ proto }) =>
    toBinary(FileDescriptorProtoSchema, proto),
  );
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function collect(file: DescFile, into: Map<string, DescFile>): Map<string, DescFile> {
  if (into.has(file.proto.name)) return into;
  into.set(file.proto.name, file);
  for (const dependency of file.dependencies) collect(dependency, into);
  return into;
}

function failed(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
