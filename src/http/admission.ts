import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Counter } from 'prom-client';
import { temporarilyUnavailable } from '../errors/domain-error.js';
import { isOAuthPath, oauthErrorResponse, problemResponse } from '../errors/error-response.js';
import { withheld } from '../protocol/misplaced-credentials.js';
import { requestIdOf } from './request-id.js';
import { writeWhole } from './waiting-headers.js';

/** How many requests of a connection are under way; undefined once it is closed. */
const UNDER_WAY = Symbol('postern:under way');

type Connection = Socket & { [UNDER_WAY]?: number | undefined };

/** What an orchestrator asks goes on being answered at overload: else it would end a busy server. */
const PROBES = /^\/(health\/live|health\/ready|metrics)\/?$/i;
/** So many of those beside the others: a flood of them ends too. */
const MOST_PROBES = 64;
/**
 * Of one connection: Node begins all that came in one piece (pipelining) at once, and who does not
 * read the answers would have hundreds of them kept.
 */
const MOST_OF_ONE = 8;
/** At most one line of the log in this time, with the number of refusals. */
const TOLD_AFTER_MS = 1000;

const REQUESTS_REFUSED = new Counter({
  name: 'postern_requests_refused_total',
  help: 'Requests answered 503 at once, because MAX_REQUESTS were under way, or eight of one connection',
});
const CONNECTIONS_REFUSED = new Counter({
  name: 'postern_connections_refused_total',
  help: 'Connections closed at once, because there were MAX_CONNECTIONS',
});

/** How much one process takes on at a time. */
export interface AdmissionLimits {
  readonly maxRequests: number;
  readonly maxConnections: number;
  /** Where the pages of the errors are: the absolute URL above `/errors/`. */
  readonly publicUrl: string;
}

/**
 * Turns away what is too much, before it costs anything to speak of: past a number of requests under
 * way everyone would wait longer and longer, and nobody be served in time. At overload the refusals
 * are most of the work, so that each is written from parts that were made once.
 */
export class Admission {
  private readonly logger = new Logger('Admission');
  private readonly refusal: Refusal;
  private underWay = 0;
  private connections = 0;
  private untold = { requests: 0, connections: 0 };
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly limits: AdmissionLimits) {
    this.refusal = new Refusal(limits.publicUrl);
  }

  /** Counts the connections of a server, and closes those past `MAX_CONNECTIONS`. */
  watch(server: Server): void {
    // Not `server.maxConnections`: that of a worker is not heeded.
    server.on('connection', (socket: Connection) => {
      if (this.connections >= this.limits.maxConnections) {
        CONNECTIONS_REFUSED.inc();
        this.untold.connections += 1;
        this.tellSoon();
        socket.destroy();
        return;
      }
      this.connections += 1;
      socket[UNDER_WAY] = 0;
      socket.once('close', () => this.leave(socket));
    });
  }

  /**
   * Lets a request in, or answers it 503 with `Retry-After` where `MAX_REQUESTS` are under way, or
   * eight of its connection. Its body has not been read then; Node throws it away, and the connection goes on.
   * Those of one connection that came at once are let in one turn of the event loop later.
   */
  readonly admit = (request: Request, response: Response, next: NextFunction): void => {
    const here = (request.socket as Connection)[UNDER_WAY] ?? 0;
    // What it has sent behind these stays with its kernel until one of them is answered.
    if (here >= MOST_OF_ONE) request.socket.pause();
    if (here >= MOST_OF_ONE || !this.hasPlaceFor(request)) {
      REQUESTS_REFUSED.inc();
      this.untold.requests += 1;
      this.tellSoon();
      this.refusal.answer(request, response);
      return;
    }
    this.follow(request, response);
    // What came in one piece takes turns with other connections: libuv reads on from one of them as
    // long as there is more, and its requests would be answered by the hundred while others wait.
    if (here === 0) next();
    else setImmediate(next);
  };

  /**
   * Counts a request from here to the end of its answer, but not while its body is waited for: else
   * slow senders, whose time is bounded but long, would take all places.
   */
  private follow(request: Request, response: Response): void {
    const { socket } = request;
    let counted = true;
    let ended = false;
    this.count(socket, 1);
    const waitForBody = (): void => {
      // A body that came with its head is there before anybody reads it.
      if (request.complete || ended || !counted) return;
      this.count(socket, -1);
      counted = false;
      request.once('end', () => {
        if (ended) return;
        this.count(socket, 1);
        counted = true;
      });
    };
    // From Node 24 on, a request without a body is at its end from the beginning.
    if (!request.readableEnded) request.on('resume', waitForBody);
    response.on('close', () => {
      ended = true;
      if (counted) this.count(socket, -1);
    });
  }

  private hasPlaceFor(request: Request): boolean {
    const { maxRequests } = this.limits;
    return (
      this.underWay < maxRequests ||
      (this.underWay < maxRequests + MOST_PROBES && PROBES.test(pathOf(request)))
    );
  }

  private count(socket: Connection, change: 1 | -1): void {
    const here = socket[UNDER_WAY];
    // It was closed, and with it went all that it had.
    if (here === undefined) return;
    socket[UNDER_WAY] = here + change;
    this.underWay += change;
    if (change < 0 && here === MOST_OF_ONE) socket.resume();
  }

  /**
   * With a connection all go that were under way on it. Node never closes the response of one that
   * still waited for another of its connection (pipelining, RFC 9112 §9.3.2): whoever sends many at
   * once and hangs up would take their places for ever.
   */
  private leave(socket: Connection): void {
    this.underWay -= socket[UNDER_WAY] ?? 0;
    socket[UNDER_WAY] = undefined;
    this.connections -= 1;
  }

  private tellSoon(): void {
    this.timer ??= setTimeout(() => {
      this.logger.warn({ msg: 'turned away, at the limit', ...this.untold });
      this.untold = { requests: 0, connections: 0 };
      this.timer = undefined;
    }, TOLD_AFTER_MS).unref();
  }
}

const ID = 'the-id-of-the-request';
const PATH = '/the-path-of-the-request';

/** The answer to a request too many, in the form of its route, ready but for id and path. */
class Refusal {
  private readonly oauth: Prepared;
  private readonly problem: Prepared;

  constructor(pagesUrl: string) {
    const situation = { requestId: ID, path: PATH, pagesUrl };
    this.oauth = prepared(oauthErrorResponse(temporarilyUnavailable(), situation));
    this.problem = prepared(problemResponse(temporarilyUnavailable(), situation));
  }

  answer(request: Request, response: Response): void {
    // The router sets it, and has not seen this one.
    request.baseUrl = '';
    const path = pathOf(request);
    const { headers, parts } = isOAuthPath(path) ? this.oauth : this.problem;
    const id = requestIdOf(request);
    const [before = '', between, after] = parts;
    const body =
      after === undefined
        ? `${before}${id}${between}`
        : `${before}${JSON.stringify(withheld(path))}${between}${id}${after}`;
    response.statusCode = 503;
    writeWhole(response, headers, body);
  }
}

/** The path of the target; of one that is no URL, in which Express's getter fails, there is none. */
function pathOf(request: Request): string {
  try {
    return request.path;
  } catch {
    return '/';
  }
}

interface Prepared {
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** What stands around the id, and before that around the path where it is told. */
  readonly parts: readonly string[];
}

function prepared({ headers, body }: ReturnType<typeof problemResponse>): Prepared {
  return {
    headers: Object.entries(headers).flat(),
    parts: JSON.stringify(body).split(new RegExp(`"${PATH}"|${ID}`)),
  };
}
