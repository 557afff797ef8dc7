/** Structurally what `ecomdb harden certificates` gives back. */
interface Certificates {
  folder: string
  files: readonly { path: string; secret: boolean }[]
  names: readonly string[]
  until: string
  serverLines: readonly string[]
  clientLines: readonly string[]
}

export function certificatesText(result: Certificates): string {
  const { files, names, until, serverLines, clientLines } = result
  return [
    ...files.map(({ path, secret }) => `wrote ${path}${secret ? '  (secret, mode 0600)' : ''}`),
    '',
    `good for ${names.join(', ')} until ${until.slice(0, 10)}`,
    '',
    "for the server's configuration file (the server's account must be able to read server-key.pem):",
    ...serverLines.map(text => `  ${text}`),
    '',
    "for a client's option file; ecomdb.yaml needs server.tls_ca_file alone:",
    ...clientLines.map(text => `  ${text}`),
    '',
    'take ca-key.pem away from this host: who has it can be any server, and any client',
  ].join('\n')
}
