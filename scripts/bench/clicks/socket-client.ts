import { WebSocket } from "ws";
import type { Client, OnAnswer } from "./load.ts";

/**
 * A player's page: a Socket.IO connection that watches the feed and its own account, and clicks with acknowledgements. As
 * much of the protocol as that takes, over a bare WebSocket, for the same reason as over HTTP.
 */
export async function connectSocket(
  url: string,
  client: number,
  token: string,
  nextNonce: () => string,
  onAnswer: OnAnswer,
): Promise<Client> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  });
  const account = await new Promise<string>((done, fail) => {
    socket.once("error", fail);
    socket.on("message", (data) => {
      const text = String(data);
      if (text === "2") socket.send("3");
      else if (text.startsWith("0{")) socket.send(`40${JSON.stringify({ token })}`);
      else if (text.startsWith("44")) fail(new Error(`refused: ${text}`));
      else if (text.startsWith("40{")) socket.send(`420["authenticate",${JSON.stringify({ token })}]`);
      else if (text.startsWith("430[")) done(JSON.parse(text.slice(3))[0].account);
    });
  });
  const subscribed = new Promise<void>((done, fail) => {
    let missing = 2;
    socket.on("message", (data) => {
      const text = String(data);
      if (!text.startsWith("431[") && !text.startsWith("432[")) return;
      if (!text.includes('"ok":true')) fail(new Error(text));
      missing -= 1;
      if (missing === 0) done();
    });
  });
  socket.send('421["subscribe",{"channel":"feed"}]');
  socket.send(`422["subscribe",${JSON.stringify({ channel: `account:${account}` })}]`);
  await subscribed;
  socket.removeAllListeners("message");
  socket.on("message", (data) => {
    const text = String(data);
    if (text.startsWith("439[")) onAnswer(client, text.includes('"accepted":1'));
    else if (text === "2") socket.send("3");
  });
  return {
    // Every answer looks the same but for its number, which only this client would need.
    send: () => socket.send(`429["click",{"clientNonce":"${nextNonce()}"}]`),
    close: () => socket.terminate(),
  };
}
