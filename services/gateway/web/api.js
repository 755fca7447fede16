/** The calls that this page makes. Each route is spelled as the OpenAPI document has it. */

const SECONDS = 20;
const UPLOAD_SECONDS = 120;
const PAUSES = [1000, 3000]; // before a submission that nobody answered is sent again

/** What the service refused: its sentence, and how many seconds to wait (0: no use in waiting). */
export class ProblemError extends Error {
  constructor(status, problem, wait) {
    super(problem.detail ?? "The service gave no reason.");
    this.status = status;
    this.code = problem.error_code;
    this.wait = wait;
  }
}

/** Nobody answered. */
export class UnreachableError extends Error {
  constructor() {
    super("The service could not be reached. Please check the connection and try again.");
  }
}

/** The address of a route such as `GET /api/jobs/{id}`. */
export function address(route, parameters = {}, query = {}) {
  const path = route.split(" ")[1].replace(/{(\w+)}/g, (_, name) => encodeURIComponent(parameters[name]));
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return asked.size ? `${path}?${asked}` : path;
}

/** The JSON answer of a route. Throws ProblemError and UnreachableError. */
export async function call(route, { parameters, query, body, headers, seconds = SECONDS } = {}) {
  const isJson = body !== undefined && !(body instanceof FormData);
  const answer = await reached(address(route, parameters, query), {
    method: route.split(" ")[0],
    headers: { ...(isJson && { "Content-Type": "application/json" }), ...headers },
    body: isJson ? JSON.stringify(body) : body,
    signal: AbortSignal.timeout(seconds * 1000),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ProblemError(answer.status, told, Number(answer.headers.get("Retry-After")) || 0);
  return told;
}

/** The bytes behind a route. Throws ProblemError and UnreachableError. */
export async function bytesOf(route, parameters) {
  const answer = await reached(address(route, parameters), { signal: AbortSignal.timeout(SECONDS * 1000) });
  if (!answer.ok) throw new ProblemError(answer.status, await answer.json().catch(() => ({})), 0);
  return answer.blob();
}

async function reached(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new UnreachableError();
  }
}

const DOORS = {
  edit: "POST /edit-image/",
  variation: "POST /api/variations",
  cutout: "POST /api/remove-background",
  description: "POST /submit",
};

/** Submit a job; its id. The key makes it one job however often this is called with it. */
export async function submit(kind, form, key) {
  const asked = { body: form, headers: { "Idempotency-Key": key }, seconds: UPLOAD_SECONDS };
  for (const pause of [...PAUSES, null]) {
    try {
      const told = await call(DOORS[kind], asked);
      const id = told.job_id ?? told.edit_id;
      tokens.set(id, told.edit_token);
      return id;
    } catch (error) {
      if (!(error instanceof UnreachableError) || pause === null) throw error;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}

/** The right to each job that this page submitted, for browsers that keep no cookies. */
const tokens = new Map();

/** Whether a job was submitted on this page. */
export const isOurs = (id) => tokens.has(id);

/** The header that proves it. */
export const right = (id) => (tokens.get(id) ? { "X-Edit-Token": tokens.get(id) } : {});

/** A name for one submission; `crypto.randomUUID` is not there on plain HTTP. */
export function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A picture of a job, small where asked. */
export const pictureOf = (job, query = {}) =>
  address("GET /api/images/{image_id}", { image_id: job.job_id }, query);
