import { expect, test } from "vitest";
import { testApp } from "./support.ts";

const day = (date: number): number => Date.UTC(2026, 0, date, 12);

test("usage is summed up per day, and outlives the sessions that caused it", async () => {
  let clock = day(1);
  const app = await testApp({ now: () => clock });
  const run = (message: string, session_id: string, user_id: string) =>
    app.inject({
      method: "POST",
      url: "/agents/echo/runs",
      payload: { message, session_id, user_id, stream: false },
    });
  await run("four", "s1", "u1");
  await run("four", "s1", "u1");
  await run("four", "s2", "u2");
  clock = day(2);
  await run("four four", "s1", "u1");
  await app.inject({ method: "DELETE", url: "/sessions/s1" });

  const first = {
    id: "2026-01-01",
    date: "2026-01-01",
    agent_runs_count: 3,
    agent_sessions_count: 2,
    users_count: 2,
    token_metrics: { input_tokens: 3, output_tokens: 3, total_tokens: 6 },
    model_metrics: [{ model_id: "echo-1", model_provider: "enfilade", count: 3 }],
  };
  const second = {
    id: "2026-01-02",
    date: "2026-01-02",
    agent_runs_count: 1,
    agent_sessions_count: 1,
    users_count: 1,
    token_metrics: { input_tokens: 2, output_tokens: 2, total_tokens: 4 },
    model_metrics: [{ model_id: "echo-1", model_provider: "enfilade", count: 1 }],
  };
  const metrics = async (query = "") => (await app.inject(`/metrics${query}`)).json();
  expect(await metrics()).toEqual({ metrics: [first, second], updated_at: clock / 1000 });
  expect((await metrics("?starting_date=2026-01-02")).metrics).toEqual([second]);
  expect((await metrics("?ending_date=2026-01-01")).metrics).toEqual([first]);
  expect((await metrics("?user_id=u2")).metrics).toMatchObject([{ agent_runs_count: 1 }]);
});

test("a day that is none is refused", async () => {
  const response = await (await testApp()).inject("/metrics?starting_date=2026-02-30");
  expect(response.statusCode).toBe(422);
  expect(response.json()).toMatchObject({ detail: "starting_date: must be a day like 2026-01-31" });
});
