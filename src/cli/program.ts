import { Command } from 'commander';
import { packageVersion } from '../config/package-version.js';
import { examplesHelp, type Cli } from './command.js';
import { addAdminCommands } from './commands/admin.js';
import { addAuditCommands } from './commands/audit.js';
import { addClientsCommands } from './commands/clients.js';
import { addInfoCommand } from './commands/info.js';
import { addKeysCommands } from './commands/keys.js';
import { addScopesCommands } from './commands/scopes.js';
import { addSecretsCommands } from './commands/secrets.js';
import { addTokensCommands } from './commands/tokens.js';
import { EXIT_CODES_HELP } from './exit-code.js';

const EXAMPLES = [
  'info',
  'admin create --out ./admin-secret',
  "clients create --client-name Billing --scope 'read write'",
  'secrets rotate Xw3kPq81ZrTb --expires-previous-in 86400',
  'audit why REQUEST-ID',
];

const ENVIRONMENT_HELP = `
Works straight on the database of the server, with its settings: DATABASE_URL, or the
embedded database under DATA_DIR. What is changed is in the audit trail, as done by os:USER.
`;

/** The command line: a noun, then a verb. */
export function buildProgram(cli: Cli): Command {
  const program = new Command('postern')
    .description('Administers the OAuth clients of Postern.')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({
      outputError: (text, write) => write(withoutValues(text)),
    })
    .addHelpText('before', examplesHelp(EXAMPLES))
    .addHelpText('after', `${ENVIRONMENT_HELP}\n${EXIT_CODES_HELP}`);
  addClientsCommands(program, cli);
  addSecretsCommands(program, cli);
  addTokensCommands(program, cli);
  addScopesCommands(program, cli);
  addKeysCommands(program, cli);
  addAuditCommands(program, cli);
  addAdminCommands(program, cli);
  addInfoCommand(program, cli);
  return program;
}

/** An option that does not exist may have a secret as its value: that is not repeated. */
function withoutValues(text: string): string {
  return text.replace(/(unknown option '--[^=']*)=[^']*/, '$1');
}
