import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { StartUpPacket } from './start-up-packet.js';

/** The way that bytes go: forth to the database, back to whoever asked it. */
type Direction = 'forth' | 'back';

/** What happens to connections, from now on. */
export type Fault =
  | { readonly kind: 'none' }
  /** New connections are reset; those there are live on. */
  | { readonly kind: 'refuse' }
  /** Nothing arrives and nobody is told, as where packets are lost; it arrives when that ends. */
  | { readonly kind: 'stall'; readonly direction: Direction | 'both' }
  /** What is sent arrives that much later, each way. */
  | { readonly kind: 'delay'; readonly ms: number };

/** A connection through the proxy: near is whoever asks, far is the database. */
interface Link {
  readonly near: Socket;
  readonly far: Socket;
  readonly startUp: StartUpPacket;
  /** Whether it was let through before connections were refused. */
  established: boolean;
  /** Whether the database has lost its end, and nobody may notice. */
  halfOpen: boolean;
}

/**
 * A TCP proxy in front of PostgreSQL, for tests that need it to fail. Each fault is for all
 * connections, or for those of one `application_name`, which then goes before that for all.
 */
export class TcpProxy {
  private readonly server: Server;
  private readonly upstream: URL;
  private readonly links = new Set<Link>();
  private readonly faults = new Map<string | undefined, Fault>();
  private readonly changes = new EventEmitter().setMaxListeners(0);

  private constructor(upstream: string) {
    this.upstream = new URL(upstream);
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.accept(near));
  }

  /** @param upstream URL of the database; with `?host=/directory` at its socket */
  static async start(upstream: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstream);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** The port of 127.0.0.1 that it listens on. */
  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('it does not listen');
    return address.port;
  }

  /** The URL of the same database through this proxy. */
  get url(): string {
    const url = new URL(this.upstream);
    url.searchParams.delete('host');
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  /** How many connections there are, of one name or in all. */
  count(applicationName?: string): number {
    return this.linksOf(applicationName).filter(({ near }) => !near.destroyed).length;
  }

  /** Sets the fault of one name's connections, or of all; `none` for one name shields it. */
  set(fault: Fault, applicationName?: string): void {
    this.faults.set(applicationName, fault);
    this.changes.emit('change');
  }

  /** Ends every fault. What was stalled arrives. */
  pass(): void {
    this.faults.clear();
    this.changes.emit('change');
  }

  /** Resets the connections there are, of one name or all. */
  cut(applicationName?: string): void {
    for (const link of this.linksOf(applicationName)) reset(link);
  }

  /**
   * The database loses its end of the connections there are, of one name or all; who holds the
   * other end is never told. New connections are not touched.
   */
  halfOpen(applicationName?: string): void {
    for (const link of this.linksOf(applicationName)) {
      link.halfOpen = true;
      link.far.destroy();
    }
  }

  /** Resets everything and stops listening. */
  async close(): Promise<void> {
    this.server.close();
    this.cut();
    this.pass();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    if (this.faultOf(undefined).kind === 'refuse') {
      near.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const link: Link = {
      near,
      far: this.connectUpstream(),
      startUp: new StartUpPacket(),
      established: false,
      halfOpen: false,
    };
    this.links.add(link);
    for (const socket of [link.near, link.far]) {
      // The failed read itself tells; without a listener the same failure would end the process.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (link.near.destroyed && link.far.destroyed) this.links.delete(link);
      });
    }
    void this.carry(link, 'forth');
    void this.carry(link, 'back');
  }

  private connectUpstream(): Socket {
    const { hostname, port, searchParams } = this.upstream;
    const host = searchParams.get('host') ?? hostname;
    const number = port === '' ? '5432' : port;
    return host.startsWith('/')
      ? connect({ path: `${host}/.s.PGSQL.${number}`, allowHalfOpen: true })
      : connect({ host, port: Number(number), allowHalfOpen: true, noDelay: true });
  }

  private async carry(link: Link, direction: Direction): Promise<void> {
    const [from, to] = direction === 'forth' ? [link.near, link.far] : [link.far, link.near];
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (direction === 'forth') link.startUp.push(chunk);
        await this.passage(link, direction);
        if (!link.halfOpen) to.write(chunk);
      }
      await this.passage(link, direction);
      if (!link.halfOpen) to.end();
    } catch {
      if (!link.halfOpen) reset(link);
    }
  }

  /**
   * Waits until bytes may pass.
   *
   * @throws Error where the connection is to be reset
   */
  private async passage(link: Link, direction: Direction): Promise<void> {
    for (;;) {
      const fault = this.faultOf(link.startUp.applicationName);
      if (fault.kind === 'refuse' && !link.established) throw new Error('refused');
      if (fault.kind !== 'stall' || ![direction, 'both'].includes(fault.direction)) {
        link.established ||= link.startUp.complete;
        if (fault.kind === 'delay') await delay(fault.ms);
        return;
      }
      await once(this.changes, 'change');
    }
  }

  private faultOf(applicationName: string | undefined): Fault {
    return this.faults.get(applicationName) ?? this.faults.get(undefined) ?? { kind: 'none' };
  }

  private linksOf(applicationName: string | undefined): Link[] {
    return [...this.links].filter(
      ({ startUp }) => applicationName === undefined || startUp.applicationName === applicationName,
    );
  }
}

function reset({ near, far }: Link): void {
  near.resetAndDestroy();
  far.destroy();
}
