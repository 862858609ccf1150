import type { INestApplication } from '@nestjs/common';
import {
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
  type OperationObject,
} from '@nestjs/swagger';
import { pathOf } from '../protocol/well-known.js';
import { OAUTH2_SECURITY } from '../resource-server/index.js';
import { operationsOf } from './operations.js';
import { packageVersion } from '../config/package-version.js';
import { tagsOf } from './tags.js';

/** What the document can not learn from the controllers. */
export interface DocumentOptions {
  /** The server's own absolute URL. Its path alone is used, so that the document fits every host. */
  readonly publicUrl: string;
  /** The scopes that a token can be asked for, each with a sentence. */
  readonly scopes: Readonly<Record<string, string>>;
}

const TOKEN_PATH = '/o/token/';

const DESCRIPTION = `The machine entrance to an API (OAuth 2.0, client credentials).

1. Get a token with the id and the secret of your client: **Authorize** does it here.
2. Send it with every call, as \`Authorization: Bearer …\`, until it expires.

Every error names a page that says what it means and what to try, and every answer carries an
\`X-Request-Id\` to quote in a question.`;

/** Which are ticked beforehand is said in `setup-docs.ts`. */
const HOW_TO_AUTHORIZE = `One Authorize lasts: the page gets new tokens by itself, until it is closed or reloaded.

An administrator's scopes are ticked. **As a partner, press "select none":** you get the scopes that
your client has by default.`;

/**
 * Describes the application in OpenAPI 3.1, from its controllers and their access rules.
 *
 * The addresses in it are relative: an absolute one would belong to another origin as soon as the
 * page is opened by another name of the same server, and the browser would block it.
 */
export function buildOpenApiDocument(
  app: INestApplication,
  { publicUrl, scopes }: DocumentOptions,
): OpenAPIObject {
  const path = pathOf(publicUrl);
  const document = SwaggerModule.createDocument(app, baseDocument(path), {
    operationIdFactory: operationId,
  });
  for (const operation of operationsOf(document)) operation.summary ||= summaryOf(operation);
  return {
    ...document,
    tags: tagsOf(document),
    components: {
      ...document.components,
      securitySchemes: {
        [OAUTH2_SECURITY]: {
          type: 'oauth2',
          description: HOW_TO_AUTHORIZE,
          flows: {
            clientCredentials: {
              tokenUrl: `${path}${TOKEN_PATH}`,
              scopes: { ...scopes, ...undescribedScopes(document, scopes) },
            },
          },
        },
      },
    },
  };
}

function baseDocument(path: string): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Postern')
    .setDescription(DESCRIPTION)
    .setVersion(packageVersion());
  // Swagger UI asks which server, even where there is no choice: `/` goes without saying.
  return (path === '' ? builder : builder.addServer(path)).build();
}

/**
 * The name of an operation whose controller gives it none; a generated client names its functions
 * so. Nest's own would be `PaymentsController_list`.
 *
 * @example operationId('PaymentsController', 'list') // listPayments
 */
export function operationId(controller: string, method: string): string {
  return `${method}${controller.replace(/Controller$/, '')}`;
}

/** What an operation does, from its name, where its controller does not say: `listOrders`, say. */
export function summaryOf({ operationId: name = '' }: OperationObject): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The scopes that operations ask for and nobody described: they can be ticked all the same. */
function undescribedScopes(
  document: OpenAPIObject,
  described: DocumentOptions['scopes'],
): Record<string, string> {
  const undescribed = operationsOf(document)
    .flatMap(({ security }) => security ?? [])
    .flatMap((requirement) => requirement[OAUTH2_SECURITY] ?? [])
    .filter((scope) => !Object.hasOwn(described, scope));
  return Object.fromEntries(undescribed.map((scope) => [scope, 'Needed by an operation below.']));
}
