import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** The sources that a page may load from, by directive (Content Security Policy Level 3, §6). */
export type PageSources = Readonly<Record<`${string}Src`, readonly string[]>>;

/**
 * The headers of a page for people. What is not named may not be loaded, from nowhere; no other
 * page may frame it, and no address that it links to learns where the reader came from.
 *
 * @param publicUrl where the server is reached: what only works over https is sent only there
 * @param sources what the page loads, beyond nothing at all
 */
export function pageHeaders(publicUrl: string, sources: PageSources): RequestHandler {
  const secure = new URL(publicUrl).protocol === 'https:';
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        ...sources,
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        // Over plain http it would turn every file of the page into an https address that is not there.
        upgradeInsecureRequests: secure ? [] : null,
      },
    },
    // Browsers ignore these three over plain http, and complain of the last two.
    strictTransportSecurity: secure,
    crossOriginOpenerPolicy: secure,
    originAgentCluster: secure,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}
