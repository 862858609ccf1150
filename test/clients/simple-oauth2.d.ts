/** What the tests use of simple-oauth2 5, which brings no types of its own. */
declare module 'simple-oauth2' {
  export interface ClientCredentialsOptions {
    readonly client: { readonly id: string; readonly secret: string };
    readonly auth: { readonly tokenHost: string; readonly tokenPath: string };
    readonly options?: { readonly authorizationMethod?: 'header' | 'body' };
  }

  export interface AccessToken {
    readonly token: Readonly<Record<string, unknown>>;
    expired(windowSeconds?: number): boolean;
  }

  export class ClientCredentials {
    constructor(options: ClientCredentialsOptions);
    getToken(parameters: { readonly scope?: string | readonly string[] }): Promise<AccessToken>;
  }
}
