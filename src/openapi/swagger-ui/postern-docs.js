/**
 * What Swagger UI needs beyond its plain settings. Nest writes those into the page as text, where
 * a function would lose what it refers to; so what is a function lies in the files of this folder,
 * of which this one is the last. They run after the bundle is loaded and before the page makes its
 * user interface from it.
 */
(() => {
  const { questionBefore, snippets, fillInCreated } = globalThis.posternDocs;
  const createUi = globalThis.SwaggerUIBundle;

  /** The name of the security scheme in the document. */
  const SCHEME = 'oauth2';
  /** Of the life of a token: from then on the next request gets a new one first. */
  const RENEW_AFTER = 0.9;

  const NOT_SENT = '**Not sent.** You chose not to, so nothing has changed.';
  const SCOPE_HINT =
    'Here: untick what it may not have, or press “select none” for its default ones.';

  globalThis.SwaggerUIBundle = Object.assign((options) => {
    const ui = createUi({
      ...options,
      plugins: [...options.plugins, plugin],
      requestInterceptor: (request) => prepare(request, ui),
      requestSnippetsEnabled: true,
      requestSnippets: { generators: snippets, languages: Object.keys(snippets) },
    });
    return ui;
  }, createUi);

  /** What comes between Execute and the request; the token requests of the dialog pass here too. */
  async function prepare(request, ui) {
    leaveTheBrowserOut(request);
    const question = questionBefore(request);
    if (question === undefined || globalThis.confirm(question)) await authenticate(request, ui);
    else request.signal = AbortSignal.abort(notSent());
    return request;
  }

  /**
   * Keeps the browser out of it: to a 401 with `WWW-Authenticate: Basic`, which RFC 6749 §5.2 asks
   * of the token endpoint, it would open its own password box. Cookies are not used here; the
   * Authorization header that Swagger UI itself sets is still sent (Fetch Standard, §2.2.5).
   */
  function leaveTheBrowserOut(request) {
    request.credentials = 'omit';
  }

  /** Swagger UI shows the message, as Markdown, where the answer would be. */
  function notSent() {
    return Object.assign(new Error(NOT_SENT), { name: '' });
  }

  /** The token with which a request is sent may be near its end; a client's own routes take none. */
  async function authenticate(request, ui) {
    const authorized = ui.authSelectors.authorized().get(SCHEME);
    if (authorized === undefined) return;
    if (request.headers.Authorization?.startsWith('Bearer ')) {
      const token = await currentToken(authorized, ui);
      request.headers.Authorization = `Bearer ${token}`;
    } else if (isForClients(request, authorized)) {
      request.headers.Authorization = basic(authorized);
    }
  }

  /**
   * Whether it goes to a route where a client shows its id and its secret, and shows none: then the
   * ones of the dialog are meant. The path of the token endpoint tells where these routes are.
   */
  function isForClients({ url, headers, body }, authorized) {
    const { pathname } = new URL(url, globalThis.location.href);
    const folder = tokenUrl(authorized).pathname.replace(/token\/?$/, '');
    const inBody = new URLSearchParams(body).get('client_id');
    return headers.Authorization === undefined && pathname.startsWith(folder) && !inBody;
  }

  let renewal;

  /** The token; a new one, which requests at the same time share, where it is near its end. */
  async function currentToken(authorized, ui) {
    const token = authorized.get('token');
    const end = token.get('received_at') + token.get('expires_in') * 1000 * RENEW_AFTER;
    if (Date.now() < end) return token.get('access_token');
    renewal ??= renew(authorized, ui).finally(() => {
      renewal = undefined;
    });
    // Without a new one the request goes out with the old one, and its 401 is shown.
    return (await renewal.catch(() => undefined)) ?? token.get('access_token');
  }

  /** Gets a token as the dialog got it, with what the dialog still holds in memory. */
  async function renew(authorized, ui) {
    const answer = await fetch(tokenUrl(authorized), {
      method: 'POST',
      credentials: 'omit',
      headers: { Authorization: basic(authorized) },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: authorized.get('scopes').join(' '),
      }),
    });
    if (!answer.ok) return undefined;
    const token = await answer.json();
    // Somebody may have logged out meanwhile.
    if (ui.authSelectors.authorized().get(SCHEME) === authorized) {
      ui.authActions.authorizeOauth2({ auth: authorized.toObject(), token });
    }
    return token.access_token;
  }

  function tokenUrl(authorized) {
    return new URL(authorized.getIn(['schema', 'tokenUrl']), globalThis.location.href);
  }

  function basic(authorized) {
    const pair = `${authorized.get('clientId')}:${authorized.get('clientSecret')}`;
    return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(pair)))}`;
  }

  /** What Swagger UI does by itself, and what is done besides. */
  const plugin = {
    fn: Object.fromEntries(
      Object.entries(snippets).map(([language, { generate }]) => [
        `requestSnippetGenerator_${language}`,
        generate,
      ]),
    ),
    statePlugins: {
      auth: { wrapActions: { authorizeOauth2: noteWhen } },
      err: { wrapActions: { newAuthErr: addScopeHint } },
      spec: { wrapActions: { setResponse: fillInCreated } },
    },
  };

  /** A token says how long it is good, not since when. */
  function noteWhen(authorizeOauth2) {
    return ({ auth, token }) =>
      authorizeOauth2({ auth, token: { ...token, received_at: Date.now() } });
  }

  function addScopeHint(newAuthErr) {
    return (error) =>
      newAuthErr(
        error.message?.includes('invalid_scope')
          ? { ...error, message: `${error.message}. ${SCOPE_HINT}` }
          : error,
      );
  }
})();
