// A new user's folder: the package packed from a clean copy of its sources, as a release is, and installed from the tarball
// with its peers. Called by the package tests. Nothing of the working folder's dist/ takes part, so stale output cannot help.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PROJECT, projectFiles } from '../house/sources.js';

const LIMIT_MS = 180_000;
const DAY_MS = 86_400_000;
/** Tarballs by the content of their sources. */
const PACKED = join(PROJECT, '.cache/packed');
const executeFile = promisify(execFile);

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

export interface Tarball {
  readonly path: string;
  readonly files: readonly PackedFile[];
  readonly unpackedSize: number;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Consumer {
  readonly #top = mkdtempSync(join(tmpdir(), 'spanwright-package-'));
  readonly folder = join(this.#top, 'user');
  /** Output of npm at the last installation. */
  installOutput = '';

  /**
   * `npm pack` of the package in `folder`, over a copy of the project's files, with the scripts that a release runs. Test files that pack
   * the same sources share one tarball.
   */
  async pack(folder = '.'): Promise<Tarball> {
    const files = projectFiles().filter((path) => /^(\.ci|runtime|transformer|cli|viewer)\/|^[^/]+$/.test(path));
    const hash = createHash('sha256').update(`${process.version} ${folder}`);
    for (const path of files) hash.update(`\0${path}\0`).update(readFileSync(join(PROJECT, path)));
    const kept = join(PACKED, hash.digest('hex').slice(0, 20));
    while (!existsSync(kept)) {
      if (takeLock(`${kept}.lock`)) {
        try {
          await this.#packInto(kept, files, folder);
        } finally {
          rmSync(`${kept}.lock`, { recursive: true, force: true });
        }
      } else await setTimeout(250);
    }
    utimesSync(kept, new Date(), new Date()); // #packInto() of other processes removes what was not used for a day
    const packed = JSON.parse(readFileSync(join(kept, 'packed.json'), 'utf8')) as Packed;
    return { path: join(kept, packed.filename), files: packed.files, unpackedSize: packed.unpackedSize };
  }

  async #packInto(kept: string, files: readonly string[], folder: string): Promise<void> {
    const copy = join(this.#top, 'source');
    for (const path of files) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      cpSync(join(PROJECT, path), join(copy, path));
    }
    const modules = join(copy, 'node_modules');
    if (!existsSync(modules)) symlinkSync(join(PROJECT, 'node_modules'), modules, 'dir');
    const { stdout } = await executeFile('npm', ['pack', '--json', '--loglevel=error'], {
      cwd: join(copy, folder),
      timeout: LIMIT_MS,
    });
    // Scripts print before the JSON does.
    const [packed] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [Packed];
    const made = mkdtempSync(`${kept}.new-`);
    cpSync(join(copy, folder, packed.filename), join(made, packed.filename));
    writeFileSync(join(made, 'packed.json'), JSON.stringify(packed));
    renameSync(made, kept);
    for (const old of readdirSync(PACKED)) {
      const path = join(PACKED, old);
      // undefined: another process has renamed or removed it meanwhile
      const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      if (used !== undefined && !old.endsWith('.lock') && used < Date.now() - DAY_MS)
        rmSync(path, { recursive: true, force: true });
    }
  }

  /** An empty folder into which the tarball and further packages are installed; the versions are those of the project. */
  async install(tarball: Tarball, others: readonly string[]): Promise<void> {
    if (!existsSync(this.folder)) this.write('package.json', JSON.stringify({ name: 'user', version: '1.0.0', private: true }));
    const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as Lock;
    const exact = others.map((name) => {
      const version = packages[`node_modules/${name}`]?.version;
      if (!version) throw new Error(`the lock file of the project has no ${name}`);
      return `${name}@${version}`;
    });
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball.path, ...exact];
    const { stdout, stderr } = await executeFile('npm', args, { cwd: this.folder, timeout: LIMIT_MS });
    this.installOutput = stdout + stderr;
  }

  /** A file of the installed package. */
  installedText(path: string): string {
    return readFileSync(join(this.folder, 'node_modules/spanwright', path), 'utf8');
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Runs a command as a user does. Returns a failure instead of throwing it. */
  async run(command: string, args: readonly string[]): Promise<Ended> {
    try {
      const { stdout, stderr } = await executeFile(command, [...args], { cwd: this.folder, timeout: LIMIT_MS });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string };
      return { code: typeof code === 'number' ? code : -1, stdout, stderr: stderr || String(error) };
    }
  }

  remove(): void {
    rmSync(this.#top, { recursive: true, force: true });
  }
}

/** True if this process may pack. A lock that is older than a pack may take belongs to a process that was killed. */
function takeLock(path: string): boolean {
  mkdirSync(PACKED, { recursive: true });
  try {
    if (existsSync(path) && statSync(path).mtimeMs < Date.now() - 2 * LIMIT_MS) rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    return true;
  } catch {
    return false; // another process packs, or has just finished
  }
}

/** Answer of `npm pack --json`. */
interface Packed {
  readonly filename: string;
  readonly files: readonly PackedFile[];
  readonly unpackedSize: number;
}

interface Lock {
  packages: Record<string, { version?: string } | undefined>;
}
