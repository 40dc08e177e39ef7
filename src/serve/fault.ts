// What went wrong with a request, as data: each protocol writes it in its own form. Names of types are TorchServe's, whose clients read them.

/** What a client is told. `type` is TorchServe's name of the exception. */
export interface Fault {
  /** HTTP status. */
  readonly status: number;
  readonly type: FaultType;
  readonly message: string;
  /** After how many seconds the client may try again. */
  readonly retryAfter?: number;
}

/** TorchServe's exceptions with the status of each; ForbiddenHostException is ours. */
export const faultStatus = {
  BadRequestException: 400,
  InvalidModelException: 400,
  InvalidKeyException: 400,
  DownloadArchiveException: 400,
  InvalidModelVersionException: 403,
  ForbiddenHostException: 403,
  ResourceNotFoundException: 404,
  ModelNotFoundException: 404,
  ModelVersionNotFoundException: 404,
  MethodNotAllowedException: 405,
  RequestTimeoutException: 408,
  ConflictStatusException: 409,
  PayloadTooLargeException: 413,
  InternalServerException: 500,
  NotImplementedException: 501,
  ServiceUnavailableException: 503,
  OutOfMemoryError: 507,
} as const;

export type FaultType = keyof typeof faultStatus;

/** A request that is refused or failed; the protocol that it came by renders it. */
export class ServeFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, options?: ErrorOptions) {
    super(fault.message, options);
    this.name = "ServeFault";
    this.fault = fault;
  }
}

/**
 * Makes the error of a refused request. `status` is the type's own unless another is given: what a worker reports is an
 * InternalServerException with a status that says more.
 *
 * @example
 * throw refuse("ModelNotFoundException", `Model not found: ${name}`);
 */
export function refuse(
  type: FaultType,
  message: string,
  options: { readonly status?: number; readonly retryAfter?: number; readonly cause?: unknown } = {},
): ServeFault {
  const { status = faultStatus[type], retryAfter, cause } = options;
  return new ServeFault(
    { status, type, message, ...(retryAfter !== undefined && { retryAfter }) },
    cause === undefined ? undefined : { cause },
  );
}

/** The fault that an error stands for; one that was not foreseen is told without its details, which are for the log. */
export function faultOf(error: unknown): Fault {
  if (error instanceof ServeFault) return error.fault;
  return { status: 500, type: "InternalServerException", message: "Internal server error." };
}
