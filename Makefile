# The whole course from one command: `make course`. `make help` lists the rest.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(abspath $(VENV))/bin
# nbgrader and Jupyter call their own programs by name.
export PATH := $(BIN):$(PATH)

# Built things live here, and only here.
BUILD      := _build
DEMO       := $(BUILD)/demo_class
REPORT     := $(DEMO)/report.html
INSTALLED  := $(VENV)/.installed
RELEASED   := $(BUILD)/released

GRADING_SOURCES := $(shell find course_utils/grading course_utils/checks -name '*.py' -o -name '*.html') tests/demo_class.py
ASSIGNMENT_SOURCES := $(shell find solutions -type f) nbgrader_config.py

.PHONY: course install book release class lab test test-slow attack prove links lint clean help
.DELETE_ON_ERROR:

course: book release class  ## install, build the book, release the assignments, grade the demo class
	@echo
	@echo "The book:          $(BUILD)/html/index.html"
	@echo "The assignments:   assignments/"
	@echo "The class report:  $(REPORT)"

install: $(INSTALLED)  ## the environment alone

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -c constraints.txt -e '.[test]'
	@# In this environment's JupyterLab a chapter opens as the notebook that it is.
	$(BIN)/jupytext-config --settings-file $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json \
	  set-default-viewer markdown myst
	touch $@

book: $(INSTALLED)  ## build the book; any failing page, broken reference or missing alt text stops it
	$(BIN)/python -m course_utils.book

release: $(RELEASED)  ## write what students get (assignments/) from solutions/

$(RELEASED): $(ASSIGNMENT_SOURCES) | $(INSTALLED)
	@git diff --quiet -- assignments || test -n "$(FORCE)" || { \
	  echo "assignments/ differs from what was committed: your answers? A release would overwrite them."; \
	  echo "Move your notebook elsewhere and run 'git checkout assignments', or 'make release FORCE=1'."; exit 1; }
	$(BIN)/nbgrader generate_assignment '--assignment=*' --force
	mkdir -p $(BUILD) && touch $@

class: $(REPORT)  ## grade the demo class

$(REPORT): $(GRADING_SOURCES) $(ASSIGNMENT_SOURCES) | $(INSTALLED) $(RELEASED)
	rm -rf $(DEMO) && mkdir -p $(DEMO)
	@# A course folder of its own: invented students have no place in an instructor's gradebook.
	cp -r nbgrader_config.py solutions $(DEMO)
	$(BIN)/python -m tests.demo_class $(DEMO)/submitted
	$(BIN)/course grade convolution --course $(DEMO) \
	  --csv $(DEMO)/grades.csv --json $(DEMO)/results.json --html $@

links: book  ## ask every address outside the book whether it is still there (needs a network)
	@cut -f1 $(BUILD)/external-links.tsv | sed 's/#.*//' | sort -u | while read -r url; do \
	  code=$$(curl --location --silent --output /dev/null --max-time 20 --write-out '%{http_code}' "$$url"); \
	  case $$code in 2*) ;; *) echo "$$code  $$url";; esac; done

lab: book  ## write the chapters as notebooks and open JupyterLab on them
	$(BIN)/python -m course_utils.book.notebooks notebooks
	$(BIN)/jupyter lab notebooks/chapters/convolution/convolution-layer.ipynb

test: $(INSTALLED)  ## the fast tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(INSTALLED)  ## the slow tests, but for the class of attackers
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow --ignore=tests/attacks

attack: $(INSTALLED)  ## grade the class of attackers: it exhausts memory, processes and time, so run it alone
	$(BIN)/python -m pytest tests/attacks -m slow

prove: $(INSTALLED)  ## do all wrong answers and attacks lose marks, and all right answers none?
	$(BIN)/course prove convolution

lint: $(INSTALLED)  ## style and spelling
	$(BIN)/ruff check course_utils tests benchmarks
	$(BIN)/ruff format --check course_utils tests benchmarks

clean:  ## remove everything built (the environment stays)
	rm -rf $(BUILD)

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
