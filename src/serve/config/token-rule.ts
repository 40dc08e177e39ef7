// Which requests need a token: management always does, inference where other machines can reach it.
import { formatAddress, hostAndPort, isLoopback, isLoopbackHost } from "./address.ts";
import type { ServerConfig } from "./server-config.ts";

/** What needs a token, and the sentence that tells the operator. */
export interface TokenRule {
  readonly management: boolean;
  readonly inference: boolean;
  readonly sentence: string;
}

type Relevant = Pick<
  ServerConfig,
  "disableTokenAuthorization" | "inferenceAddress" | "managementAddress" | "grpcInferenceAddress" | "grpcInferencePort"
>;

/**
 * The rule for a configuration.
 *
 * @example
 * tokenRule(resolveConfig({ cwd })).sentence;
 * // "Management needs a token; inference needs none, as it listens on loopback only (http://127.0.0.1:8080)."
 */
export function tokenRule(config: Relevant): TokenRule {
  const { disableTokenAuthorization: disabled, inferenceAddress, grpcInferenceAddress, grpcInferencePort } = config;
  if (disabled === true) {
    const open = isLoopback(inferenceAddress) && isLoopback(config.managementAddress) && isLoopbackHost(grpcInferenceAddress);
    const whom = open ? "" : " Other machines can reach this server: whoever can do so can use it.";
    return { management: false, inference: false, sentence: `No request needs a token: token authorization is switched off.${whom}` };
  }
  const needed = (why: string): TokenRule => ({
    management: true,
    inference: true,
    sentence: `Management and inference need a token: ${why}.`,
  });
  if (disabled === false) return needed("disable_token_authorization is false");
  if (!isLoopback(inferenceAddress)) return needed(`other machines can reach inference at ${formatAddress(inferenceAddress)}`);
  if (!isLoopbackHost(grpcInferenceAddress))
    return needed(`other machines can reach inference by gRPC at ${hostAndPort(grpcInferenceAddress, grpcInferencePort)}`);
  const where = formatAddress(inferenceAddress);
  return {
    management: true,
    inference: false,
    sentence: `Management needs a token; inference needs none, as it listens on loopback only (${where}).`,
  };
}
