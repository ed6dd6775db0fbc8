import type { Server } from "socket.io";

/** Of socket.io-adapter 2.5, which frames a broadcast once for all of its sockets. */
type FramingAdapter = {
  _encode?: (packet: unknown, options: { wsPreEncodedFrame?: Buffer[] }) => unknown;
};

/**
 * Makes each broadcast one chunk. The adapter leaves a WebSocket frame's head and body apart, and ws then corks, writes twice
 * and uncorks every socket (ws 8 `Sender.sendFrame`); joined once, it is one plain write to each.
 */
export function joinFrames(io: Server): void {
  const adapter = io.sockets.adapter as unknown as FramingAdapter;
  const encode = adapter._encode;
  if (encode === undefined) return;
  adapter._encode = (packet, options) => {
    const encoded = encode.call(adapter, packet, options);
    if (options.wsPreEncodedFrame !== undefined)
      options.wsPreEncodedFrame = [Buffer.concat(options.wsPreEncodedFrame)];
    return encoded;
  };
}
