// The flags of `ingot serve`: torchserve's, and our own. A flag with a key sets that key, above the configuration file.

/** The flags as the command line has them; all may be absent. */
export interface ServeFlags {
  readonly tsConfig?: string;
  readonly modelStore?: string;
  readonly workflowStore?: string;
  readonly models?: readonly string[];
  readonly logConfig?: string;
  readonly cppLogConfig?: string;
  readonly foreground?: boolean;
  readonly noConfigSnapshots?: boolean;
  readonly pluginsPath?: string;
  readonly disableTokenAuth?: boolean;
  readonly enableModelApi?: boolean;
  readonly profile?: string;
  readonly logFormat?: string;
  readonly logLevel?: string;
  readonly accessLog?: boolean;
  readonly handlerModule?: readonly string[];
  readonly jsonNonfinite?: string;
  readonly badInputStatus?: string;
  readonly metricsMode?: string;
  readonly metricsConfig?: string;
  readonly stateDir?: string;
}

/** A flag that sets a key, as the text that would stand in the file. */
export interface FlagSetting {
  readonly key: string;
  readonly flag: string;
  readonly text: string;
}

/** The keys that flags set. */
export const keyOfFlag: Partial<Record<keyof ServeFlags, { readonly flag: string; readonly key: string }>> = {
  modelStore: { flag: "--model-store", key: "model_store" },
  workflowStore: { flag: "--workflow-store", key: "workflow_store" },
  models: { flag: "--models", key: "load_models" },
  cppLogConfig: { flag: "--cpp-log-config", key: "cpp_log_config" },
  pluginsPath: { flag: "--plugins-path", key: "plugins_path" },
  disableTokenAuth: { flag: "--disable-token-auth", key: "disable_token_authorization" },
  enableModelApi: { flag: "--enable-model-api", key: "enable_model_api" },
  profile: { flag: "--profile", key: "profile" },
  logFormat: { flag: "--log-format", key: "log_format" },
  logLevel: { flag: "--log-level", key: "log_level" },
  accessLog: { flag: "--access-log", key: "access_log" },
  handlerModule: { flag: "--handler-module", key: "handler_modules" },
  badInputStatus: { flag: "--bad-input-status", key: "bad_input_status" },
  jsonNonfinite: { flag: "--json-nonfinite", key: "json_nonfinite" },
  metricsMode: { flag: "--metrics-mode", key: "metrics_mode" },
  metricsConfig: { flag: "--metrics-config", key: "metrics_config" },
};

/** What the flags that are given set. */
export function flagSettings(flags: ServeFlags): FlagSetting[] {
  return Object.entries(keyOfFlag).flatMap(([name, { flag, key }]) => {
    const value = flags[name as keyof ServeFlags];
    if (value === undefined || value === false) return [];
    return [{ key, flag, text: typeof value === "object" ? value.join(",") : String(value) }];
  });
}
