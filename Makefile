# Everything a person or a machine does with the project. `make help` lists it.
.PHONY: help run test test-long pictures bench soak fuzz interop detection clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: ## build what is needed and start the sample centre on embedded SQLite in ./data
	@.make/run.sh

test: ## format, lints, unit, integration, SIP and browser tests on SQLite and PostgreSQL
	@.make/test.sh

test-long: ## the same with many more random cases (CALENDAR_CASES, SIMULATION_SEEDS)
	@CALENDAR_CASES=100000 SIMULATION_SEEDS=1000 .make/test.sh

pictures: ## every screen in both languages and themes, checked and photographed in web-console/e2e/screenshots
	@.make/pictures.sh

bench: ## what a call costs; SCALE=0.1 by default, SCALE=1 for full length; writes target/bench/*.json
	@.make/bench.sh

soak: ## mixed load for SOAK_MINUTES (30) with memory and descriptors watched
	@.make/soak.sh

fuzz: ## fuzz what reads the wires, FUZZ_SECONDS (60) per target
	@.make/fuzz.sh

interop: ## SIP stacks of others against the server: Kamailio, linphone, baresip, sipvicious
	@.make/interop.sh

detection: ## how often people, machines and faxes are told apart, on generated lines of synthetic and of people's voices (tables)
	@.make/detection.sh

clean: ## remove what was built (not ./data)
	@rm -rf target web-console/dist web-console/node_modules web-console/tools/codegen/node_modules
