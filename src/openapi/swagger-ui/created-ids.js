/** After something was created, the forms for it have its id filled in. */
(() => {
  /** What was filled in last, by parameter: that may be replaced. */
  const filledIn = new Map();

  /**
   * Wraps Swagger UI's action that shows an answer. After a 201 of `/clients` with a `client_id`
   * in it, the parameter `client_id` of all `/clients/{client_id}…` is that one, and so for every
   * collection. Not for one inside another: after a rotation, the secret to delete is not the new
   * one.
   */
  function fillInCreated(setResponse, system) {
    return (path, method, response) => {
      if (method === 'post' && response.status === 201 && !path.includes('{')) {
        fillIn(system, path.replace(/\/$/, ''), response.body);
      }
      return setResponse(path, method, response);
    };
  }

  function fillIn({ specSelectors, specActions }, collection, created) {
    for (const { pathMethod, parameter } of parametersBelow(specSelectors.specJson(), collection)) {
      const name = parameter.get('name');
      const form = specSelectors.parameterWithMetaByIdentity(pathMethod, parameter);
      if (typeof created?.[name] === 'string' && isUntouched(form)) {
        specActions.changeParamByIdentity(pathMethod, parameter, created[name]);
      }
    }
    for (const [name, value] of Object.entries(created ?? {})) filledIn.set(name, value);
  }

  /** The path parameter right after a collection, of every operation below it. */
  function parametersBelow(document, collection) {
    return [...document.get('paths').entries()].flatMap(([path, operations]) => {
      const name = /^\/\{(\w+)\}/.exec(path.slice(collection.length))?.[1];
      if (!path.startsWith(collection) || name === undefined) return [];
      return [...operations.entries()].flatMap(([method, operation]) =>
        [...(operation.get('parameters') ?? [])]
          .filter((parameter) => parameter.get('in') === 'path' && parameter.get('name') === name)
          .map((parameter) => ({ pathMethod: [path, method], parameter })),
      );
    });
  }

  /** Nothing that a person has typed is replaced. */
  function isUntouched(form) {
    const value = form.get('value') ?? '';
    return ['', form.get('example'), filledIn.get(form.get('name'))].includes(value);
  }

  globalThis.posternDocs = { ...globalThis.posternDocs, fillInCreated };
})();
