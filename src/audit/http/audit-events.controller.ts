import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblem, Scopes } from '../../resource-server/index.js';
import { AuditTrail } from '../domain/audit-trail.js';
import { decodeCursor, encodeCursor } from './audit-cursor.js';
import { toAuditEventDto, toFilter } from './audit-event.presenter.js';
import { AuditEventListDto } from './dto/audit-event.dto.js';
import { ListAuditEventsDto } from './dto/list-audit-events.dto.js';

/** `/audit-events/`: who did what to which client, and why a caller was refused. */
@ApiTags('Audit')
@Controller('audit-events')
@Scopes('admin')
export class AuditEventsController {
  constructor(private readonly trail: AuditTrail) {}

  @Get()
  @ApiOperation({
    operationId: 'listAuditEvents',
    summary: 'List audit events',
    description:
      'Newest first. With `request_id`, the id that every answer carries, it tells why a client was refused.',
  })
  @ApiOkResponse({ description: 'A page of the trail.', type: AuditEventListDto })
  @ApiProblem(400, 'A filter is out of range, or `cursor` is none that this route gave.')
  async list(@Query() query: ListAuditEventsDto): Promise<AuditEventListDto> {
    const { limit, cursor } = query;
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    // One more than asked for tells whether there is a next page.
    const events = await this.trail.find(toFilter(query), limit + 1, after);
    const page = events.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map(toAuditEventDto),
      next_cursor: events.length > limit && last ? encodeCursor(last.position) : null,
    };
  }
}
