// graphile-worker with undici. `node graphile.mjs prepare|work SOURCE URL BODIES IN_FLIGHT`; works until it is killed.
// The settings are those that its documentation gives for speed: a local queue, and completions in batches.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { run, runMigrations } = require("graphile-worker");
const { Pool: HttpPool } = require("undici");
const { Pool } = require("pg");

const [what, source, url, bodies, inFlight] = process.argv.slice(2);
const concurrency = Number(inFlight);

if (what === "prepare") {
  await runMigrations({ connectionString: source });
  const pool = new Pool({ connectionString: source });
  const lines = readFileSync(bodies, "utf8").trim().split("\n");
  for (let first = 0; first < lines.length; first += 1000) {
    const page = JSON.stringify(lines.slice(first, first + 1000).map((body) => ({ body })));
    await pool.query("SELECT graphile_worker.add_job('send', job) FROM json_array_elements($1::json) AS job", [page]);
  }
  await pool.query("VACUUM ANALYZE");
  await pool.end();
} else {
  const address = new URL(url);
  const http = new HttpPool(address.origin, { connections: concurrency, pipelining: 1 });
  const headers = {
    accept: "application/json",
    authorization: "Bearer " + "t".repeat(200),
    auth: "bearer " + "s".repeat(200),
    "content-type": "application/json",
  };
  await run({
    connectionString: source,
    concurrency,
    pollInterval: 100,
    maxPoolSize: concurrency + 2,
    preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    logger: new (require("graphile-worker").Logger)(() => () => {}),
    taskList: {
      send: async ({ body }) => {
        const answer = await http.request({ method: "POST", path: address.pathname, headers, body });
        await answer.body.text();
        if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
      },
    },
  });
}
