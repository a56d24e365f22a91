// The stand-in for a function that no transformer has seen: one literal that serves all such sites. It passes on exactly the
// arguments that it was given. The switch keeps the arguments off the heap for the calls that are common.

import { apply, construct } from '../captured.js';
import type { AnyFunction, GateSwitch, Run, Site } from '../site/site.js';

export function wrapper(gate: GateSwitch, body: AnyFunction, run: Run, site: Site): AnyFunction {
  return {
    // a method, so that like the methods it stands for it has no prototype and cannot be constructed
    instrumented(this: unknown): unknown {
      if (!(gate.idle || site.off)) {
        // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated on every call, also while off
        return run(site, this, body, arguments);
      }
      // biome-ignore lint/complexity/noArguments: as above
      const args = arguments;
      switch (args.length) {
        case 0:
          return body.call(this);
        case 1:
          return body.call(this, args[0]);
        case 2:
          return body.call(this, args[0], args[1]);
        case 3:
          return body.call(this, args[0], args[1], args[2]);
        default:
          return apply(body, this, args);
      }
    },
  }.instrumented;
}

/** A wrapper() for a plain function, which may also be called with `new`; that call is not recorded. */
export function constructibleWrapper(gate: GateSwitch, body: AnyFunction, run: Run, site: Site): AnyFunction {
  return function instrumented(this: unknown): unknown {
    // biome-ignore lint/complexity/noArguments: as above
    const args = arguments;
    if (new.target !== undefined) return construct(body, args, new.target);
    return gate.idle || site.off ? apply(body, this, args) : run(site, this, body, args);
  };
}
