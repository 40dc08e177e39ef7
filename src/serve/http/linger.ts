// Closing a connection on which the client may still be sending: what has arrived and is not read makes the system answer with a reset, and a
// reset can overtake the answer. So the sending side is closed first, and what comes is read and dropped for a while.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

export interface LingerLimits {
  /** ms for which a client may go on sending after its answer. */
  readonly lingerTime: number;
  /** Bytes that it may send meanwhile. */
  readonly lingerBytes: number;
}

/** How often the limits are looked at, in ms. */
const interval = 50;

/** Closes a connection once its answer is written: at the end of what the client sends, or at the limits. */
export function closeSlowly(socket: Socket, { lingerTime, lingerBytes }: LingerLimits): void {
  const { bytesRead } = socket;
  const until = performance.now() + lingerTime;
  socket.end();
  const timer = setInterval(() => {
    if (socket.bytesRead - bytesRead > lingerBytes || performance.now() > until) socket.destroy();
  }, interval);
  socket.once("end", () => socket.destroy());
  socket.once("close", () => clearInterval(timer));
  socket.resume();
}

/** Has the connection of a request that is not read to its end closed that way, instead of at once, when Node closes it after the answer. */
export function lingerAfterAnswer(request: IncomingMessage, limits: LingerLimits): void {
  const { socket } = request;
  request.removeAllListeners("data");
  request.resume();
  // Node calls this when an answer with `connection: close` is written.
  socket.destroySoon = () => {
    request.once("end", () => socket.destroy());
    closeSlowly(socket, limits);
  };
}
