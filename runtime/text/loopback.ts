// Loopback: hosts by name, as URLs and Host headers write them, and addresses of connections. Used by the admin hook and the viewer.

const HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|::1)$/;
const ADDRESS = /^(?:::ffff:)?127\.|^::1$/;

/** @param name in lower case, as a server listens on it: without port, IPv6 without brackets */
export function isLoopbackHost(name: string): boolean {
  return HOST.test(name);
}

/** @param authority in lower case, as a Host header or a URL has it: with or without port, IPv6 in brackets */
export function isLoopbackAuthority(authority: string): boolean {
  const name = authority.replace(/:[0-9]{1,5}$/, '');
  return name === '[::1]' || (name !== '::1' && isLoopbackHost(name));
}

/** @param address as `socket.remoteAddress` has it, where IPv4 may be written as IPv6 */
export function isLoopbackAddress(address: string): boolean {
  return ADDRESS.test(address);
}
