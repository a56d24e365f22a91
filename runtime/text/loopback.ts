// Loopback hosts by name, as URLs and Host headers write them.

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

/** @param name in lower case, without port; IPv6 in brackets */
export function isLoopbackHost(name: string): boolean {
  return LOOPBACK.test(name);
}
