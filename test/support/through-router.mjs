// Loaded into a server before its own code: a middleware before all routes, so that no request finds its
// route without Express's router.
import { BornExpressAdapter } from '../../dist/src/http/born-express-adapter.js';

const { prototype } = BornExpressAdapter;
const init = Object.getOwnPropertyDescriptor(prototype, 'initHttpServer').value;

prototype.initHttpServer = function (options) {
  init.call(this, options);
  this.use((_request, _response, next) => next());
};
