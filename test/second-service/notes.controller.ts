import { Controller, Get, Post } from '@nestjs/common';
import { CurrentClient, Public, Scopes, type VerifiedToken } from 'postern/resource-server';

/** Handlers of another service. */
@Controller('notes')
@Scopes('read')
export class NotesController {
  @Get()
  list(@CurrentClient() client: VerifiedToken): { notes: string[]; of: string } {
    return { notes: [], of: client.clientId };
  }

  @Post()
  @Scopes('write')
  write(@CurrentClient() client: VerifiedToken): { writtenBy: string } {
    return { writtenBy: client.clientId };
  }

  @Get('open')
  @Public()
  open(): { open: true } {
    return { open: true };
  }
}
