// Loopback: hosts by name, as URLs and Host headers write them, and addresses of connections.

const HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|::1|\[::1\])$/;
const ADDRESS = /^(?:::ffff:)?127\.|^::1$/;

/** @param name in lower case, without port */
export function isLoopbackHost(name: string): boolean {
  return HOST.test(name);
}

/** @param address as `socket.remoteAddress` has it, where IPv4 may be written as IPv6 */
export function isLoopbackAddress(address: string): boolean {
  return ADDRESS.test(address);
}
