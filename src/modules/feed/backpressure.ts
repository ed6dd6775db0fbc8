import type { Socket } from "socket.io";
import type { FeedLimits } from "./limits.ts";

/** What engine.io 6.6 and its WebSocket transport hold for a connection; neither is in their public types. */
type Connection = {
  writeBuffer: readonly { data?: { length?: number } }[];
  transport: { socket?: { bufferedAmount?: number; terminate?: () => void } };
};

function connectionOf(socket: Socket): Connection {
  return socket.conn as unknown as Connection;
}

/** Packets that the transport has not taken yet. */
export function waitingPackets(socket: Socket): number {
  return connectionOf(socket).writeBuffer.length;
}

/** Size of the packet that was written last, if it has to wait. */
export function lastWaitingBytes(socket: Socket): number {
  return connectionOf(socket).writeBuffer.at(-1)?.data?.length ?? 0;
}

/** Whether more waits for this client than `tolerance` times what the server is willing to hold. */
export function isTooSlow(socket: Socket, limits: FeedLimits, tolerance: number): boolean {
  const bufferedBytes = connectionOf(socket).transport.socket?.bufferedAmount ?? 0;
  return (
    waitingPackets(socket) > limits.maxBufferedPackets * tolerance ||
    bufferedBytes > limits.maxBufferedBytes * tolerance
  );
}

/** Ends a connection at once, without waiting for a client that does not read to take what is left. */
export function cutOff(socket: Socket): void {
  const { transport } = connectionOf(socket);
  if (transport.socket?.terminate === undefined) socket.conn.close(true);
  else transport.socket.terminate();
}
