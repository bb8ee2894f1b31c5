// Does for a handler in Node what bench/worker.py does for one in Python: node bench/worker.mjs ./ways/fetch.mjs

import { createInterface } from "node:readline";

const { handler } = await import(process.argv[2]);

function seconds({ user, system }) {
  return (user + system) / 1e6;
}

function say(document) {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

async function invoked(event) {
  const began = performance.now();
  const used = process.cpuUsage();
  const answer = await handler(event);
  const cpu = seconds(process.cpuUsage(used));
  const wall = (performance.now() - began) / 1000;
  const nums = JSON.parse(answer.body).comics.map((comic) => comic.num);
  return { wall, cpu, nums, sources: ["xkcd"] };
}

say({ ready: process.argv[2], cpu: seconds(process.cpuUsage()) });
for await (const line of createInterface({ input: process.stdin })) say(await invoked(JSON.parse(line)));
