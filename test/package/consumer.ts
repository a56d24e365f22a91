// A new user's folder: the package packed from a clean copy of its sources, as a release is, and installed from the tarball
// with its peers. Called by the package tests. Nothing of the working folder's dist/ takes part, so stale output cannot help.

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT, projectFiles } from '../house/sources.js';
import { digestOf, keep } from '../kept.js';

const LIMIT_MS = 180_000;
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
    const key = `${process.version} ${folder} ${digestOf(PROJECT, files)}`;
    const kept = await keep(key, (made) => this.#packInto(made, files, folder));
    const packed = JSON.parse(readFileSync(join(kept, 'packed.json'), 'utf8')) as Packed;
    return { path: join(kept, packed.filename), files: packed.files, unpackedSize: packed.unpackedSize };
  }

  async #packInto(made: string, files: readonly string[], folder: string): Promise<void> {
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
    cpSync(join(copy, folder, packed.filename), join(made, packed.filename));
    writeFileSync(join(made, 'packed.json'), JSON.stringify(packed));
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

/** Answer of `npm pack --json`. */
interface Packed {
  readonly filename: string;
  readonly files: readonly PackedFile[];
  readonly unpackedSize: number;
}

interface Lock {
  packages: Record<string, { version?: string } | undefined>;
}
