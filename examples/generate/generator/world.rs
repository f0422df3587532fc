//! The made-up company: its projects, its callers, and the texts they write.

use super::json;
use super::random::{Random, mixed};

/// A project.
#[derive(Debug)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: u64,
    /// The container of its logs: `projects/ID`.
    pub path: String,
    /// What stands in the resource's label: the id, in some projects the number.
    pub label: String,
    /// Its logs are exported with fields sorted by name.
    pub by_name: bool,
    /// Its business unit; `None` for one that the mapping does not list.
    pub unit: Option<String>,
}

/// A caller.
#[derive(Debug)]
pub struct Principal {
    /// `principalEmail`; federated callers have none.
    pub email: Option<String>,
    /// `principalSubject`
    pub subject: Option<String>,
    /// The key of a service account.
    pub key: Option<String>,
    /// Who acts through the service account.
    pub delegate: Option<String>,
    /// Which program and network it calls from: what decides the small differences between callers.
    pub habit: Habit,
}

/// From where a principal calls.
#[derive(Debug, Clone, Copy)]
pub struct Habit {
    /// The program states its name.
    pub agent: bool,
    /// The entries have the attributes of request and destination.
    pub attributes: bool,
    /// The entries name the caller's network.
    pub network: bool,
}

/// With the shares that published entries have: mostly both, sometimes no attributes, sometimes no agent.
fn habit(at: u64) -> Habit {
    let mut random = Random::new(mixed(at));
    let (agent, attributes) =
        random.weighted(&[(116, (true, true)), (32, (true, false)), (27, (false, true)), (10, (false, false))]);
    Habit { agent, attributes, network: random.percent(6) }
}

/// The company.
#[derive(Debug)]
pub struct World {
    /// Its projects.
    pub projects: Vec<Project>,
    /// Its callers.
    pub principals: Vec<Principal>,
    /// Queries, as JSON texts.
    queries: Vec<Vec<u8>>,
}

const TEAMS: [&str; 12] =
    ["shop", "ads", "search", "media", "data", "ml", "risk", "mobile", "billing", "infra", "labs", "crm"];
const STAGES: [&str; 4] = ["prod", "stage", "dev", "batch"];
const NAMES: [&str; 10] = ["ana", "bo", "chen", "dörte", "emil", "fatima", "güner", "hana", "ivo", "josé"];
const JOBS: [&str; 8] = ["api", "loader", "trainer", "indexer", "export-job", "web", "ci", "scheduler"];

impl World {
    /// The company of a seed.
    pub fn new(projects: u64, principals: u64, random: &mut Random) -> Self {
        let projects: Vec<Project> = (0..projects).map(project).collect();
        let principals = (0..principals).map(|at| principal(at, &projects)).collect();
        let queries = (0..400).map(|_| query(random)).collect();
        Self { projects, principals, queries }
    }

    /// A project, few of them often.
    pub fn any_project(&self, random: &mut Random) -> u64 {
        random.skewed(self.projects.len() as u64)
    }

    /// A project by its place.
    pub fn project(&self, at: u64) -> &Project {
        let count = self.projects.len() as u64;
        &self.projects[usize::try_from(at % count).unwrap_or(0)]
    }

    /// One of the few callers that call a method in a project.
    pub fn caller(&self, project: u64, method: &str, random: &mut Random) -> &Principal {
        let kind = method.bytes().fold(project, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let at = mixed(kind.wrapping_add(random.skewed(4))) % self.principals.len() as u64;
        &self.principals[usize::try_from(at).unwrap_or(0)]
    }

    /// The text of a query, as JSON.
    pub fn query(&self, random: &mut Random) -> &[u8] {
        &self.queries[random.index(self.queries.len())]
    }
}

fn project(at: u64) -> Project {
    let scattered = mixed(at + 1);
    let team = TEAMS[usize::try_from(scattered % 12).unwrap_or(0)];
    let stage = STAGES[usize::try_from(scattered / 12 % 4).unwrap_or(0)];
    let id = format!("{team}-{stage}-{at:04}");
    let number = 100_000_000_000 + at * 1_000_003 + scattered % 1_000_000;
    let label = if at % 20 == 7 { number.to_string() } else { id.clone() };
    let unit = (at % 20 != 13).then(|| format!("Unit {:02}", at % 25));
    Project { path: format!("projects/{id}"), label, by_name: at % 4 == 3, unit, id, number }
}

fn principal(at: u64, projects: &[Project]) -> Principal {
    let home = &projects[usize::try_from(at % projects.len() as u64).unwrap_or(0)];
    let name = NAMES[usize::try_from(at % 10).unwrap_or(0)];
    let job = JOBS[usize::try_from(at / 3 % 8).unwrap_or(0)];
    let account = format!("{job}-{at}@{}.iam.gserviceaccount.com", home.id);
    let habit = habit(at);
    let plain = |email: String| Principal { email: Some(email), subject: None, key: None, delegate: None, habit };
    match at % 16 {
        0 | 8 => plain(format!("{name}.{at}@example.com")),
        5 => plain(format!("service-{}@gcp-sa-{job}.iam.gserviceaccount.com", home.number)),
        3 => Principal {
            email: None,
            subject: Some(format!(
                "principal://iam.googleapis.com/projects/{}/locations/global/workloadIdentityPools/ci/subject/repo:{name}/{job}-{at}",
                home.number
            )),
            key: None,
            delegate: None,
            habit,
        },
        6 => Principal {
            delegate: Some(format!("{name}.{at}@example.com")),
            subject: Some(format!("serviceAccount:{account}")),
            ..plain(account)
        },
        9 => Principal {
            key: Some(format!(
                "//iam.googleapis.com/projects/{}/serviceAccounts/{account}/keys/{:032x}",
                home.id,
                u128::from(mixed(at))
            )),
            ..plain(account)
        },
        1 | 2 | 10 | 12 => Principal { subject: Some(format!("serviceAccount:{account}")), ..plain(account) },
        _ => plain(account),
    }
}

const CLAUSES: [&str; 14] = [
    "SELECT sku, SUM(qty) AS sold FROM `sales.orders` WHERE day = CURRENT_DATE() GROUP BY sku",
    "SELECT * FROM mart.basket WHERE ts > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)",
    "\nLEFT JOIN `crm.customers` AS c\n\tON c.id = o.customer_id AND c.valid_to >= o.day",
    "\nWHERE c.city IN ('Zürich', 'São Paulo', '東京', \"Kraków\") AND o.price <> 0",
    "\n  AND REGEXP_CONTAINS(o.note, r'\\bexpress\\b|\\d{3,}\\s*€')",
    "\n-- the old query counted returns twice 🙈\n",
    "\nQUALIFY ROW_NUMBER() OVER (PARTITION BY o.sku ORDER BY o.updated DESC) = 1",
    "\nUNION ALL\nSELECT 'total', COUNT(*), NULL, NULL FROM `sales.orders_archive`",
    ",\n  APPROX_QUANTILES(latency_ms, 100)[OFFSET(95)] AS p95",
    ",\n  IF(o.channel = \"app\", o.net * 0.97, o.net) AS net_after_fees",
    ",\n  STRUCT(o.sku AS sku, o.qty AS qty, TO_JSON_STRING(o.extra) AS extra) AS item",
    "\nORDER BY 2 DESC, 1\nLIMIT 1000",
    "\nMERGE `mart.daily` AS t USING staged AS s ON t.day = s.day\nWHEN MATCHED THEN UPDATE SET t.n = s.n",
    "\nEXPORT DATA OPTIONS (uri = 'gs://exports/*.parquet', format = 'PARQUET', overwrite = true) AS",
];

/// A query of one to thirty clauses; long ones are rare.
fn query(random: &mut Random) -> Vec<u8> {
    let clauses = random.weighted(&[(50, 1), (25, 3), (15, 7), (7, 14), (3, 30)]);
    let mut sql = String::from(CLAUSES[random.index(2)]);
    for _ in 1..=random.below(clauses) {
        sql.push_str(random.one_of(&CLAUSES));
    }
    let mut out = Vec::new();
    json::text(&mut out, &sql);
    out
}
