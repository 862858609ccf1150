/**
 * What Swagger UI needs beyond its plain settings. Nest writes those into the page as text, where
 * a function would lose what it refers to; so what is a function lies in this file. It runs after
 * the bundle is loaded and before the page makes its user interface from it.
 */
(() => {
  const createUi = globalThis.SwaggerUIBundle;

  /**
   * Keeps the browser out of it: to a 401 with `WWW-Authenticate: Basic`, which RFC 6749 §5.2 asks
   * of the token endpoint, it would open its own password box. Cookies are not used here; the
   * Authorization header that Swagger UI itself sets is still sent (Fetch Standard, §2.2.5).
   */
  function leaveTheBrowserOut(request) {
    request.credentials = 'omit';
    return request;
  }

  globalThis.SwaggerUIBundle = Object.assign(
    (options) => createUi({ ...options, requestInterceptor: leaveTheBrowserOut }),
    createUi,
  );
})();
