import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One kept connection of the load: sends a request, reads the whole answer, sends the next.
 *
 * It reads no more of an answer than what it must to judge it: status and length. That keeps the
 * load from taking the processor that the servers are measured on.
 */
export class Connection {
  /**
   * @param next gives the next request's text, undefined when the time is over
   * @param answered is told of every answer: its status and the microseconds that it took
   * @param done is told once, when the connection has no more to do, or the error that ended it
   */
  constructor(port, { next, answered, done }) {
    this.next = next;
    this.answered = answered;
    this.done = done;
    this.missing = 0;
    this.head = '';
    this.socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: Buffer.alloc(16_384), callback: (size, bytes) => this.read(size, bytes) },
    });
    this.opened = new Promise((resolve) => this.socket.once('connect', resolve));
    this.socket.on('error', (error) => this.end(error));
    this.socket.on('close', () => this.end(new Error('the server closed the connection')));
  }

  send() {
    const text = this.next();
    if (text === undefined) {
      this.end();
      return;
    }
    this.sentAt = performance.now();
    this.socket.write(text, 'latin1');
  }

  read(size, bytes) {
    if (this.missing > 0) {
      this.missing -= size;
    } else {
      this.head += bytes.latin1Slice(0, size);
      const end = this.head.indexOf(HEAD_END);
      if (end === -1) return true;
      const length = LENGTH.exec(this.head)?.[1];
      if (length === undefined) {
        this.end(new Error(`an answer without Content-Length:\n${this.head}`));
        return false;
      }
      this.missing = end + HEAD_END.length + Number(length) - this.head.length;
    }
    if (this.missing < 0) this.end(new Error('more bytes than the answer has'));
    else if (this.missing === 0) this.complete();
    return true;
  }

  complete() {
    const status = Number(this.head.slice(9, 12));
    this.answered(status, (performance.now() - this.sentAt) * 1000, this.head);
    this.head = '';
    this.send();
  }

  end(error) {
    const { done } = this;
    this.done = () => undefined;
    this.next = () => undefined;
    this.socket.destroy();
    done(error);
  }
}
