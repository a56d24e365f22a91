// Loopback: hosts by name, as URLs and Host headers write them, and addresses of connections. Used by the admin hook and the viewer.

const HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|::1|\[::1\])$/;
const ADDRESS = /^(?:::ffff:)?127\.|^::1$/;

/** @param name in lower case, without port */
export function isLoopbackHost(name: string): boolean {
  return HOST.test(name);
}

/** @param authority as a Host header or an origin has it, with or without port */
export function isLoopbackAuthority(authority: string): boolean {
  return isLoopbackHost(authority.replace(/:[0-9]{1,5}$/, ''));
}

/** @param address as `socket.remoteAddress` has it, where IPv4 may be written as IPv6 */
export function isLoopbackAddress(address: string): boolean {
  return ADDRESS.test(address);
}
