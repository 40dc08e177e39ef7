// grpc.reflection.v1 and v1alpha: which services there are, and the descriptors of their files.
import type { Methods } from "./method.ts";
import type { ProtoFile, Protos } from "./protos.ts";

type ReflectionRequest = Readonly<Record<string, unknown>>;

/** `services` are the full names of those of this listener. */
export function reflectionMethods({ files }: Protos, services: readonly string[]): Methods {
  const respond = (request: ReflectionRequest) => {
    const choice = String(request.message_request);
    const asked = String(request[choice]);
    if (choice === "list_services") return { list_services_response: { service: services.map((name) => ({ name })) } };
    if (choice === "file_by_filename") return fileResponse(asked, files, (f) => f.name === asked);
    if (choice === "file_containing_symbol") return fileResponse(asked, files, (f) => f.declares(asked));
    // There are no extensions in proto3.
    if (choice === "all_extension_numbers_of_type" && files.some((f) => f.declares(asked)))
      return { all_extension_numbers_response: { base_type_name: asked, extension_number: [] } };
    return notFound(choice === "file_containing_extension" ? "the extension" : asked);
  };
  return {
    ServerReflectionInfo: {
      kind: "duplex",
      answer: (request: ReflectionRequest) => ({ valid_host: request.host, original_request: request, ...respond(request) }),
    },
  };
}

function fileResponse(asked: string, files: readonly ProtoFile[], is: (file: ProtoFile) => boolean) {
  const found = files.find(is);
  if (!found) return notFound(asked);
  const needed = found.dependencies.flatMap((name) => files.filter((f) => f.name === name));
  return { file_descriptor_response: { file_descriptor_proto: [found, ...needed].map((f) => f.descriptor) } };
}

/** NOT_FOUND is 5. */
const notFound = (what: string) => ({ error_response: { error_code: 5, error_message: `There is no ${what}.` } });
