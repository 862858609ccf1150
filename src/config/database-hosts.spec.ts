import { describe, expect, it } from '@jest/globals';
import { urlPerHost } from './database-hosts.js';

describe('a PostgreSQL URL', () => {
  it.each([
    'postgres://u:p@h:5432/d',
    'postgres://u:p,q@h/d?x=a,b',
    'postgres://u@localhost/d?host=/a,b',
    'postgres:///d',
    'mysql://a,b/d',
  ])('of one host stays as it is: %s', (url) => {
    expect(urlPerHost(url)).toEqual([url]);
  });

  it('of several becomes one for each, with the same user, database and parameters', () => {
    expect(urlPerHost('postgresql://u:p,@a:1,[::1]:2,c/d?sslmode=verify-full')).toEqual([
      'postgresql://u:p,@a:1/d?sslmode=verify-full',
      'postgresql://u:p,@[::1]:2/d?sslmode=verify-full',
      'postgresql://u:p,@c/d?sslmode=verify-full',
    ]);
  });
});
