/** A response that keeps its text: to read it back from the body costs as much as to make the response. */
export class TextResponse extends Response {
  constructor(readonly content: string, status: number) {
    super(content, { status });
  }
}
