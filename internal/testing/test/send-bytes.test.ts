import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { sendBytes } from "../src/index.ts";

const MUCH = " and more".repeat(100_000);

async function serve(answer: (bytes: Buffer) => string): Promise<string> {
  const server = createServer((socket) => {
    socket.once("data", (bytes) => {
      socket.write(answer(bytes));
      // More than one read of the socket holds.
      socket.end(MUCH);
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

it("sends what it is given, byte for byte, and gives all that comes", async () => {
  const origin = await serve((bytes) => bytes.toString("hex"));
  expect(await sendBytes(origin, Buffer.from([0x00, 0xff, 0x0d]))).toBe(`00ff0d${MUCH}`);
  expect(await sendBytes(origin, "é\r\n")).toBe(`c3a90d0a${MUCH}`);
});

it("fails where there is nobody", async () => {
  await expect(sendBytes("http://127.0.0.1:1", "anybody?")).rejects.toThrow("ECONNREFUSED");
});
