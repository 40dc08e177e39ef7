// systemd: a unit that runs the server in the foreground as a user of its own, with little of the machine in sight.
// Source: systemd.service(5), systemd.exec(5), systemd.kill(5).
import type { DeployedModel } from "./deployed-model.ts";
import {
  type DeployFile,
  type DeployOptions,
  dnsName,
  graceSeconds,
  mebibytes,
  memoryFor,
  stopSeconds,
  storeFolder,
} from "./deployment.ts";

export interface SystemdOptions extends DeployOptions {
  /** Where the deployment's files will be: absolute. */
  readonly installDir: string;
  /** The words that start `ingot`: the first one absolute. */
  readonly program: readonly string[];
}

/** A unit and its `config.properties`. */
export function systemdFiles(model: DeployedModel, options: SystemdOptions): DeployFile[] {
  return [
    { path: unitName(model), text: unit(model, options) },
    {
      path: "config.properties",
      text: `# Written by \`ingot deploy\`.\ndefault_workers_per_model=${options.workers}\nshutdown_grace=${graceSeconds}\n`,
    },
  ];
}

export const unitName = ({ name }: DeployedModel): string => `ingot-${dnsName(name)}.service`;

function unit(model: DeployedModel, options: SystemdOptions): string {
  const { installDir, program, cpu } = options;
  const state = `ingot-${dnsName(model.name)}`;
  const words = [
    ...program,
    "serve",
    "--foreground",
    "--ncs",
    "--ts-config",
    `${installDir}/config.properties`,
    "--state-dir",
    `/var/lib/${state}`,
    "--model-store",
    `${installDir}/${storeFolder}`,
    "--models",
    `${model.name}=${model.file}`,
  ];
  const file = unitName(model);
  return `# Copy this folder to ${installDir}, then:
#   systemctl enable --now ${installDir}/${file}
# Inference is on http://127.0.0.1:8080; management needs a token of /var/lib/${state}/key_file.json.
[Unit]
Description=Ingot serves ${escapeSpecifiers(model.name)}
After=network.target

[Service]
Type=exec
ExecStart=${words.map(quote).join(" ")}
Restart=on-failure
RestartSec=2

# SIGTERM goes to the server alone, which lets its workers answer what they have.
KillSignal=SIGTERM
KillMode=mixed
TimeoutStopSec=${stopSeconds}

DynamicUser=yes
StateDirectory=${state}
StateDirectoryMode=0700
WorkingDirectory=/var/lib/${state}
UMask=0077

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
# MemoryDenyWriteExecute stays off: V8 compiles while it runs.

CPUQuota=${Math.round(cpu * 100)}%
MemoryMax=${mebibytes(memoryFor(model, options)).replace("i", "")}
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
}

/** `%` begins a specifier in every value. */
const escapeSpecifiers = (text: string) => text.replaceAll("%", "%%");

/** A word of ExecStart: `$` begins a variable there, and blanks end a word. */
function quote(word: string): string {
  const safe = escapeSpecifiers(word).replaceAll("$", "$$$$");
  return /^[\w./:@%+=,$-]+$/.test(safe) ? safe : `"${safe.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
