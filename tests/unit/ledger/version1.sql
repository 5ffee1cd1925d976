-- A ledger of version 1 as the engine of that version left it, in the middle of a sweep.
BEGIN TRANSACTION;
CREATE TABLE cases (
	id TEXT NOT NULL,
	target TEXT NOT NULL,
	runbook TEXT NOT NULL,
	outcome TEXT NOT NULL,
	opened_at FLOAT NOT NULL,
	saved_at FLOAT NOT NULL,
	document JSON NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(id) REFERENCES episodes (id)
);
INSERT INTO "cases" VALUES('575e98b5198a4aa1a18c435ff5d545a8','healed','traefik_down','healed',1760000000.0,1760000060.0,'{"id": "575e98b5198a4aa1a18c435ff5d545a8", "target": "healed", "runbook": "traefik_down", "outcome": "healed", "opened_at": 1760000000.0, "timeline": [{"at": 1760000000.0, "stage": "discover", "event": "opened", "detail": {"runbook": "traefik_down"}}, {"at": 1760000000.0, "stage": "assess", "event": "permit for oncall.remedy.traefik.restart DaemonSet/traefik/traefik", "detail": {"permit": "4b502985", "fence": 1, "plan_hash": "pppppppp"}}, {"at": 1760000001.0, "stage": "mend", "event": "oncall.remedy.traefik.restart DaemonSet/traefik/traefik begins", "detail": {"permit": "4b502985"}}, {"at": 1760000030.0, "stage": "mend", "event": "oncall.remedy.traefik.restart DaemonSet/traefik/traefik ended: done", "detail": {"permit": "4b502985", "stale": false}}, {"at": 1760000001.0, "stage": "assess", "event": "diagnosed", "detail": {"chosen": "edge_outage"}}, {"at": 1760000060.0, "stage": "close", "event": "closed: healed", "detail": {"outcome": "healed"}}]}');
INSERT INTO "cases" VALUES('b58c02df3f56465aabefb2afefee399c','held','traefik_down','held',1760000000.0,1760000010.0,'{"id": "b58c02df3f56465aabefb2afefee399c", "target": "held", "runbook": "traefik_down", "outcome": "held", "opened_at": 1760000000.0, "timeline": [{"at": 1760000000.0, "stage": "discover", "event": "opened", "detail": {"runbook": "traefik_down"}}, {"at": 1760000002.0, "stage": "close", "event": "escalated to platform: guard cooldown holds", "detail": {"to": "platform", "level": 0}}, {"at": 1760000003.0, "stage": "close", "event": "escalated to lead: nobody came", "detail": {"to": "lead", "level": 1}}, {"at": 1760000010.0, "stage": "close", "event": "waits: held", "detail": {"outcome": "held", "why": "held", "due_at": 1760000300.0}}]}');
CREATE TABLE episodes (
	id TEXT NOT NULL,
	"key" TEXT NOT NULL,
	open_key TEXT,
	source TEXT NOT NULL,
	target TEXT NOT NULL,
	runbook TEXT NOT NULL,
	alertname TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	origin TEXT NOT NULL,
	inputs JSON NOT NULL,
	starts_at FLOAT,
	opened_at FLOAT NOT NULL,
	seen_at FLOAT NOT NULL,
	state TEXT NOT NULL,
	why TEXT NOT NULL,
	due_at FLOAT NOT NULL,
	looks INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	closed_at FLOAT,
	echo_until FLOAT,
	changed_at FLOAT NOT NULL,
	claimed_by TEXT,
	claimed_until FLOAT,
	PRIMARY KEY (id),
	UNIQUE (open_key)
);
INSERT INTO "episodes" VALUES('575e98b5198a4aa1a18c435ff5d545a8','23e7c2f6aeca23042c725d8d913515bfc5f1834390b3221f7fea4b17343a5e1b',NULL,'lab','healed','traefik_down','TraefikDown','ffffffffffffffff','alert','{"job": "traefik"}',1759999940.0,1760000000.0,1760000000.0,'closed','',1760000030.0,0,'healed',1760000060.0,1760000360.0,1760000060.0,NULL,NULL);
INSERT INTO "episodes" VALUES('b58c02df3f56465aabefb2afefee399c','cd0bba8c1ec3c77f955fc1e372f1745f85a1186d5a6c04a400135b23b15e3aae','cd0bba8c1ec3c77f955fc1e372f1745f85a1186d5a6c04a400135b23b15e3aae','lab','held','traefik_down','TraefikDown','ffffffffffffffff','alert','{"job": "traefik"}',1759999940.0,1760000000.0,1760000000.0,'waiting','held',1760000300.0,0,'held',NULL,NULL,1760000010.0,NULL,NULL);
INSERT INTO "episodes" VALUES('7758adfbda8f4e01a191b2e303ed89b2','d58a2997bcee61ea135a3f2c81a08e431cf8cccb367cd7cd94d797f88e8415e3','d58a2997bcee61ea135a3f2c81a08e431cf8cccb367cd7cd94d797f88e8415e3','lab','permitted','traefik_down','TraefikDown','ffffffffffffffff','alert','{"job": "traefik"}',1759999940.0,1760000000.0,1760000000.0,'permitted','',1760000120.0,0,'',NULL,NULL,1760000000.0,'80db5330f8194eb5b98eafbfc1589ef6',1760000600.0);
INSERT INTO "episodes" VALUES('6826b355baca40979d7019a05fa8445b','c94b8cd81a190207e363ca9e344f9cc9fa0ba9aae937fbf3fd09a5ba37c3c734','c94b8cd81a190207e363ca9e344f9cc9fa0ba9aae937fbf3fd09a5ba37c3c734','lab','mending','traefik_down','TraefikDown','ffffffffffffffff','alert','{"job": "traefik"}',1759999940.0,1760000000.0,1760000000.0,'mending','',1760000361.0,0,'',NULL,NULL,1760000001.0,'80db5330f8194eb5b98eafbfc1589ef6',1760000600.0);
INSERT INTO "episodes" VALUES('c2acdd5b52bd4004a1623c7142dc2cf1','b1b5bb46f5ed41f9b20bd84a8f5e4b5949dc1720cb1f9a0d22980509f87393d1','b1b5bb46f5ed41f9b20bd84a8f5e4b5949dc1720cb1f9a0d22980509f87393d1','lab','fresh','traefik_down','TraefikDown','ffffffffffffffff','alert','{"job": "traefik"}',1759999940.0,1760000000.0,1760000000.0,'open','',1760000000.0,0,'',NULL,NULL,1760000000.0,'80db5330f8194eb5b98eafbfc1589ef6',1760000600.0);
CREATE TABLE escalations (
	id INTEGER NOT NULL,
	episode TEXT NOT NULL,
	level INTEGER NOT NULL,
	"to" TEXT NOT NULL,
	why TEXT NOT NULL,
	state TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	recorded_at FLOAT NOT NULL,
	due_at FLOAT,
	sent_at FLOAT,
	error TEXT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (episode, level),
	FOREIGN KEY(episode) REFERENCES episodes (id)
);
INSERT INTO "escalations" VALUES(1,'b58c02df3f56465aabefb2afefee399c',0,'platform','guard cooldown holds','sent',0,1760000002.0,NULL,1760000005.0,'');
INSERT INTO "escalations" VALUES(2,'b58c02df3f56465aabefb2afefee399c',1,'lead','nobody came','recorded',0,1760000003.0,1760000003.0,NULL,'');
CREATE TABLE leases (
	target TEXT NOT NULL,
	fence INTEGER NOT NULL,
	owner TEXT NOT NULL,
	episode TEXT NOT NULL,
	acquired_at FLOAT NOT NULL,
	expires_at FLOAT NOT NULL,
	released_at FLOAT,
	PRIMARY KEY (target),
	FOREIGN KEY(episode) REFERENCES episodes (id)
);
INSERT INTO "leases" VALUES('healed',1,'80db5330f8194eb5b98eafbfc1589ef6','575e98b5198a4aa1a18c435ff5d545a8',1760000000.0,1760000361.0,1760000060.0);
INSERT INTO "leases" VALUES('mending',1,'80db5330f8194eb5b98eafbfc1589ef6','6826b355baca40979d7019a05fa8445b',1760000000.0,1760000361.0,NULL);
INSERT INTO "leases" VALUES('permitted',1,'80db5330f8194eb5b98eafbfc1589ef6','7758adfbda8f4e01a191b2e303ed89b2',1760000000.0,1760000120.0,NULL);
CREATE TABLE ledger_version (
	version INTEGER NOT NULL,
	PRIMARY KEY (version)
);
INSERT INTO "ledger_version" VALUES(1);
CREATE TABLE mitigations (
	permit TEXT NOT NULL,
	episode TEXT NOT NULL,
	target TEXT NOT NULL,
	fence INTEGER NOT NULL,
	remedy TEXT NOT NULL,
	"plan" JSON NOT NULL,
	plan_hash TEXT NOT NULL,
	evidence_hash TEXT NOT NULL,
	owner TEXT NOT NULL,
	state TEXT NOT NULL,
	issued_at FLOAT NOT NULL,
	expires_at FLOAT NOT NULL,
	hold_for FLOAT NOT NULL,
	began_at FLOAT,
	ended_at FLOAT,
	outcome TEXT NOT NULL,
	result JSON,
	PRIMARY KEY (permit),
	FOREIGN KEY(episode) REFERENCES episodes (id)
);
INSERT INTO "mitigations" VALUES('4b5029859824db86da500bde4411d67d','575e98b5198a4aa1a18c435ff5d545a8','healed',1,'oncall.remedy.traefik.restart DaemonSet/traefik/traefik','{"mitigation": "restart", "arguments": {"namespace": "traefik"}}','pppppppp','eeeeeeee','80db5330f8194eb5b98eafbfc1589ef6','finished',1760000000.0,1760000120.0,360.0,1760000001.0,1760000030.0,'done','{"changed": true, "message": "restarted"}');
INSERT INTO "mitigations" VALUES('95bc67ab7e71a59fa64e56b728a612c2','6826b355baca40979d7019a05fa8445b','mending',1,'oncall.remedy.traefik.restart DaemonSet/traefik/traefik','{"mitigation": "restart", "arguments": {"namespace": "traefik"}}','pppppppp','eeeeeeee','80db5330f8194eb5b98eafbfc1589ef6','begun',1760000000.0,1760000120.0,360.0,1760000001.0,NULL,'',NULL);
INSERT INTO "mitigations" VALUES('cd6388d6710c5064a07396a3f48dd18a','7758adfbda8f4e01a191b2e303ed89b2','permitted',1,'oncall.remedy.traefik.restart DaemonSet/traefik/traefik','{"mitigation": "restart", "arguments": {"namespace": "traefik"}}','pppppppp','eeeeeeee','80db5330f8194eb5b98eafbfc1589ef6','issued',1760000000.0,1760000120.0,360.0,NULL,NULL,'',NULL);
CREATE TABLE sources (
	source TEXT NOT NULL,
	answered_at FLOAT NOT NULL,
	url TEXT NOT NULL,
	answer JSON,
	PRIMARY KEY (source)
);
INSERT INTO "sources" VALUES('lab',1760000000.0,'http://alertmanager:9093','{"firing": 5}');
CREATE TABLE sweeps (
	id TEXT NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	started_at FLOAT NOT NULL,
	finished_at FLOAT,
	summary JSON,
	PRIMARY KEY (id)
);
INSERT INTO "sweeps" VALUES('80db5330f8194eb5b98eafbfc1589ef6','host',1,1760000000.0,NULL,NULL);
INSERT INTO "sweeps" VALUES('59907a9dd4ee41b3836f8e082a5f23a2','elsewhere',2,1759999400.0,NULL,NULL);
CREATE TABLE timeline (
	id INTEGER NOT NULL,
	episode TEXT NOT NULL,
	at FLOAT NOT NULL,
	stage TEXT NOT NULL,
	event TEXT NOT NULL,
	detail JSON NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(episode) REFERENCES episodes (id)
);
INSERT INTO "timeline" VALUES(1,'575e98b5198a4aa1a18c435ff5d545a8',1760000000.0,'discover','opened','{"runbook": "traefik_down"}');
INSERT INTO "timeline" VALUES(2,'b58c02df3f56465aabefb2afefee399c',1760000000.0,'discover','opened','{"runbook": "traefik_down"}');
INSERT INTO "timeline" VALUES(3,'7758adfbda8f4e01a191b2e303ed89b2',1760000000.0,'discover','opened','{"runbook": "traefik_down"}');
INSERT INTO "timeline" VALUES(4,'6826b355baca40979d7019a05fa8445b',1760000000.0,'discover','opened','{"runbook": "traefik_down"}');
INSERT INTO "timeline" VALUES(5,'c2acdd5b52bd4004a1623c7142dc2cf1',1760000000.0,'discover','opened','{"runbook": "traefik_down"}');
INSERT INTO "timeline" VALUES(6,'575e98b5198a4aa1a18c435ff5d545a8',1760000000.0,'assess','permit for oncall.remedy.traefik.restart DaemonSet/traefik/traefik','{"permit": "4b502985", "fence": 1, "plan_hash": "pppppppp"}');
INSERT INTO "timeline" VALUES(7,'575e98b5198a4aa1a18c435ff5d545a8',1760000001.0,'mend','oncall.remedy.traefik.restart DaemonSet/traefik/traefik begins','{"permit": "4b502985"}');
INSERT INTO "timeline" VALUES(8,'575e98b5198a4aa1a18c435ff5d545a8',1760000030.0,'mend','oncall.remedy.traefik.restart DaemonSet/traefik/traefik ended: done','{"permit": "4b502985", "stale": false}');
INSERT INTO "timeline" VALUES(9,'6826b355baca40979d7019a05fa8445b',1760000000.0,'assess','permit for oncall.remedy.traefik.restart DaemonSet/traefik/traefik','{"permit": "95bc67ab", "fence": 1, "plan_hash": "pppppppp"}');
INSERT INTO "timeline" VALUES(10,'6826b355baca40979d7019a05fa8445b',1760000001.0,'mend','oncall.remedy.traefik.restart DaemonSet/traefik/traefik begins','{"permit": "95bc67ab"}');
INSERT INTO "timeline" VALUES(11,'7758adfbda8f4e01a191b2e303ed89b2',1760000000.0,'assess','permit for oncall.remedy.traefik.restart DaemonSet/traefik/traefik','{"permit": "cd6388d6", "fence": 1, "plan_hash": "pppppppp"}');
INSERT INTO "timeline" VALUES(12,'575e98b5198a4aa1a18c435ff5d545a8',1760000001.0,'assess','diagnosed','{"chosen": "edge_outage"}');
INSERT INTO "timeline" VALUES(13,'575e98b5198a4aa1a18c435ff5d545a8',1760000060.0,'close','closed: healed','{"outcome": "healed"}');
INSERT INTO "timeline" VALUES(14,'b58c02df3f56465aabefb2afefee399c',1760000002.0,'close','escalated to platform: guard cooldown holds','{"to": "platform", "level": 0}');
INSERT INTO "timeline" VALUES(15,'b58c02df3f56465aabefb2afefee399c',1760000003.0,'close','escalated to lead: nobody came','{"to": "lead", "level": 1}');
INSERT INTO "timeline" VALUES(16,'b58c02df3f56465aabefb2afefee399c',1760000010.0,'close','waits: held','{"outcome": "held", "why": "held", "due_at": 1760000300.0}');
CREATE INDEX episodes_due ON episodes (state, due_at);
CREATE INDEX episodes_key ON episodes ("key", closed_at);
CREATE INDEX sweeps_started ON sweeps (started_at);
CREATE INDEX mitigations_target ON mitigations (target, remedy, began_at);
CREATE INDEX mitigations_state ON mitigations (state);
CREATE INDEX mitigations_episode ON mitigations (episode);
CREATE INDEX timeline_episode ON timeline (episode, id);
CREATE INDEX escalations_due ON escalations (due_at);
CREATE INDEX cases_saved ON cases (saved_at);
COMMIT;
