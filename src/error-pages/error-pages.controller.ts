import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { SETTINGS } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { DomainError } from '../errors/domain-error.js';
import { pathOf } from '../protocol/well-known.js';
import { ApiProblem, Public } from '../resource-server/index.js';
import { ERROR_CODES, errorIndexPage, errorPage, isErrorCode } from './error-page.js';
import { renderHtml, renderMarkdown, type Page } from './page.js';

const HTML = 'text/html';
const MARKDOWN = 'text/markdown';
const TEXT = { schema: { type: 'string' } };

/** The pages that the errors of this server lead to, for a person or for a program that reads. */
@ApiTags('Errors')
@Controller('errors')
@Public()
export class ErrorPagesController {
  private readonly basePath: string;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.basePath = pathOf(settings.publicUrl);
  }

  @Get()
  @ApiOperation({
    operationId: 'listErrors',
    summary: 'List the errors',
    description: 'HTML, or Markdown where `Accept` prefers it.',
  })
  @ApiOkResponse({
    description: 'Every error that this server tells, with a link to its page.',
    content: { [HTML]: TEXT, [MARKDOWN]: TEXT },
  })
  list(@Req() request: Request, @Res({ passthrough: true }) response: Response): string {
    return render(errorIndexPage(this.basePath), request, response);
  }

  @Get(':code')
  @ApiOperation({
    operationId: 'explainError',
    summary: 'Explain an error',
    description: 'HTML, or Markdown where `Accept` prefers it.',
  })
  @ApiParam({
    name: 'code',
    description: 'The last part of `type`, or of `error_uri` on the OAuth routes.',
    enum: ERROR_CODES,
  })
  @ApiOkResponse({
    description: 'What the error means, its likely causes, what to try, and whose job it is.',
    content: { [HTML]: TEXT, [MARKDOWN]: TEXT },
  })
  @ApiProblem(404, 'There is no error of this code.')
  show(
    @Param('code') code: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): string {
    if (!isErrorCode(code)) {
      throw new DomainError(
        'not_found',
        'There is no error of this code. /errors/ lists them all.',
      );
    }
    return render(errorPage(code, this.basePath), request, response);
  }
}

/** Who asks for neither form gets HTML: a page in the wrong form helps more than 406. */
function render(page: Page, request: Request, response: Response): string {
  const markdown = request.accepts([HTML, MARKDOWN]) === MARKDOWN;
  response
    .vary('Accept')
    .set('Cache-Control', 'public, max-age=3600')
    .type(markdown ? MARKDOWN : HTML);
  return markdown ? renderMarkdown(page) : renderHtml(page);
}
