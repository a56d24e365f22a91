// Request and result of one build by the TypeScript 7 host.

export interface Built {
  /** Exit code, as that of `tsc`: 0 without errors, 1 with errors and nothing written, 2 with errors. */
  readonly exit: number;
  readonly errors: number;
  /** Text to print, ending in a new line unless empty. */
  readonly output: string;
  /** Absolute paths of the directories whose files it is made of, none below another. */
  readonly directories: readonly string[];
  /** Absolute paths of what else it is made of, in any directory: imported files, and configurations that those of the projects extend. */
  readonly files: readonly string[];
}

export interface BuildRequest {
  readonly noEmit: boolean;
  readonly pretty: boolean;
  /** True: builds the referenced projects too, as `tsc -b` does. */
  readonly references: boolean;
}
