import type { Request, Response } from 'express';
import { pageHeaders } from './page-headers.js';

function headersFor(publicUrl: string): Map<string, string> {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name.toLowerCase(), value),
    removeHeader: (name: string) => headers.delete(name.toLowerCase()),
  };
  let passedOn = false;
  pageHeaders(publicUrl, { styleSrc: ["'self'"] })(
    {} as Request,
    response as unknown as Response,
    () => {
      passedOn = true;
    },
  );
  expect(passedOn).toBe(true);
  return headers;
}

describe('the headers of a page', () => {
  it('let in what is named, and nothing else', () => {
    expect(headersFor('http://localhost:3000').get('content-security-policy')).toBe(
      "default-src 'none';style-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
  });

  it('over plain http: none that works over https alone, or that a browser would complain of', () => {
    const names = [...headersFor('http://localhost:3000').keys()];
    expect(names).not.toContain('strict-transport-security');
    expect(names).not.toContain('cross-origin-opener-policy');
    expect(names).not.toContain('origin-agent-cluster');
  });

  it('over https: those too', () => {
    const headers = headersFor('https://api.example.com');
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+/);
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('content-security-policy')).toMatch(/;upgrade-insecure-requests$/);
  });
});
