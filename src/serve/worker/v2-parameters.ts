// The parameters of a request of the Open Inference Protocol, which come as JSON or as protobuf: those that mean something here.
import { refuse } from "../fault.ts";
import type { RequestHead } from "../wire/messages.ts";
import { monotonicMs } from "../wire/monotonic.ts";

/** By name. Values are what JSON or an InferParameter can say. */
export type Parameters = ReadonlyMap<string, unknown>;

export const noParameters: Parameters = new Map();

/**
 * Throws ServeFault where a request asks for what is not served (sequences, shared memory), and 408 where its `timeout` (µs since it came, as
 * Triton has it) is over.
 */
export function checkRequestParameters(parameters: Parameters, { arrivedAt }: RequestHead): void {
  const sequence = parameters.get("sequence_id");
  if (sequence !== undefined && sequence !== "" && Number(sequence) !== 0)
    throw refuse("BadRequestException", "Parameter sequence_id is set, and the model keeps no state between requests.");
  const timeout = integerParameter(parameters, "timeout", "the request");
  if (timeout === undefined || timeout === 0 || arrivedAt === undefined) return;
  const waited = monotonicMs() - arrivedAt;
  if (waited * 1000 > timeout)
    throw refuse("RequestTimeoutException", `The request's timeout is ${timeout} µs, and it waited ${Math.ceil(waited * 1000)} µs.`);
}

/** Throws ServeFault 400 for a tensor that is to be read from, or written to, shared memory. */
export function refuseSharedMemory(parameters: Parameters, whose: string): void {
  if (parameters.has("shared_memory_region"))
    throw refuse("BadRequestException", `${whose}: shared memory is not supported; send its data in the request.`);
}

/** A whole number from 0; undefined where it is not set. Throws ServeFault 400 for anything else. */
export function integerParameter(parameters: Parameters, name: string, whose: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0)
    throw refuse("BadRequestException", `Parameter ${name} of ${whose} must be an integer from 0; it is ${String(value).slice(0, 40)}.`);
  return number;
}

/** Undefined where it is not set. Throws ServeFault 400 for anything but a boolean. */
export function booleanParameter(parameters: Parameters, name: string, whose: string): boolean | undefined {
  const value = parameters.get(name);
  if (value !== undefined && typeof value !== "boolean")
    throw refuse("BadRequestException", `Parameter ${name} of ${whose} must be true or false; it is ${String(value).slice(0, 40)}.`);
  return value;
}
