/**
 * What is asked before a request that can't be undone. Swagger UI has no question of its own: one
 * click on Execute would do it.
 */
(() => {
  /** Each for the requests of a method whose path ends so; the first that fits asks. */
  const QUESTIONS = [
    {
      method: 'DELETE',
      path: /\/clients\/[^/]+$/,
      ask: ({ client }) =>
        `Delete the client ${client}?\n\nIts secrets and its tokens die at once, and nothing brings them back.`,
    },
    {
      method: 'DELETE',
      path: /\/clients\/[^/]+\/tokens$/,
      ask: ({ client }) =>
        `Kill every token of the client ${client}?\n\nNone that it has is let in any more. With its secret it can get new ones.`,
    },
    {
      method: 'DELETE',
      path: /\/clients\/[^/]+\/secrets\/[^/]+$/,
      ask: ({ client, last, query }) =>
        `Delete the secret ${last} of the client ${client}?\n\nIt stops working at once. ${fateOfTokens(query.get('revoke_tokens'))}`,
    },
    {
      method: 'DELETE',
      path: /\/scopes\/[^/]+$/,
      ask: ({ last }) => `Delete the scope ${last}?\n\nNo client can be given it any more.`,
    },
    {
      method: 'DELETE',
      path: /$/,
      ask: ({ path }) => `Delete ${path}?\n\nThis can't be undone.`,
    },
    {
      method: 'PATCH',
      path: /\/clients\/[^/]+$/,
      when: ({ enabled }) => enabled === 'false',
      ask: ({ client }) =>
        `Disable the client ${client}?\n\nIt gets no more tokens, and those that it has die for good.`,
    },
    {
      method: 'POST',
      path: /\/clients\/[^/]+\/secrets$/,
      when: stopsOldSecrets,
      ask: ({ client, fields }) =>
        `Rotate the secrets of the client ${client} now?\n\n${fateOfSecrets(fields)}`,
    },
    {
      method: 'POST',
      path: /\/o\/client\/secrets$/,
      when: stopsOldSecrets,
      ask: ({ fields }) => `Rotate the secrets of your own client now?\n\n${fateOfSecrets(fields)}`,
    },
  ];

  function stopsOldSecrets({ expires_previous_in: seconds, revoke_tokens: revoke }) {
    return seconds === '0' || revoke === 'true';
  }

  function fateOfSecrets({ revoke_tokens: revoke }) {
    return `Those that it has stop working at once: whatever still uses them is cut off. ${fateOfTokens(revoke)}`;
  }

  function fateOfTokens(revoke) {
    return revoke === 'true'
      ? 'The tokens that were got so die too.'
      : 'The tokens that were got so live on.';
  }

  /**
   * The question to ask before a request; undefined for one that is sent without.
   *
   * @param request as Swagger UI's interceptor gets it: `method`, `url` and, as text, `body`
   */
  function questionBefore(request) {
    const described = describe(request);
    const question = QUESTIONS.find(
      ({ method, path, when = () => true }) =>
        method === described.method && path.test(described.path) && when(described.fields),
    );
    return question?.ask(described);
  }

  function describe({ method, url, body }) {
    const { pathname, searchParams } = new URL(url, globalThis.location?.href);
    const path = pathname.replace(/\/$/, '');
    return {
      method: method.toUpperCase(),
      path,
      query: searchParams,
      client: decoded(/\/clients\/([^/]+)/.exec(path)?.[1] ?? ''),
      last: decoded(path.split('/').at(-1)),
      fields: fieldsOf(body),
    };
  }

  /** As a person reads it. */
  function decoded(part) {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }

  /** The fields of a body, JSON or a form, as text. */
  function fieldsOf(body) {
    return jsonFields(body) ?? Object.fromEntries(new URLSearchParams(body));
  }

  function jsonFields(body) {
    try {
      const fields = Object.entries({ ...JSON.parse(body) });
      return Object.fromEntries(fields.map(([name, value]) => [name, String(value)]));
    } catch {
      return undefined;
    }
  }

  globalThis.posternDocs = { ...globalThis.posternDocs, questionBefore };
})();
