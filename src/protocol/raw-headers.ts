/**
 * The values of a header, each as often as it was sent: Node's `headers` drops or joins them, and makes
 * an object of all headers when it is first asked for one.
 *
 * @param rawHeaders names and values in turn (`http.IncomingMessage.rawHeaders`)
 * @param name in small letters
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index];
    // The length is the cheaper question, and settles nearly all.
    if (candidate?.length === name.length && candidate.toLowerCase() === name) {
      values.push(rawHeaders[index + 1] ?? '');
    }
  }
  return values;
}
