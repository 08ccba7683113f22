# Two commands do everything: `make lab` to learn, `make test` to verify.
PYTHON ?= python3
VENV   := .venv/bin/python
AS_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)
COURSE := $(if $(CHAPTER),notebooks/$(CHAPTER)_*.ipynb)
PYTEST  = -m pytest --nbval --nbval-current-env --nbval-cell-timeout=900 \
          $(if $(WORKERS),-n $(WORKERS) --dist loadfile)
GIVEN   = $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))

.DEFAULT_GOAL := help
.PHONY: help lab test progress env edition grade assignment check-lab slides bundle classroom site \
        links quiz sheets lessons notebooks distances format browser colab session bench recipe gpu \
        kills syllabus test-oldest test-newest lock

help:  ## list these targets
	@echo "make TARGET, where TARGET is one of"
	@awk '/^## /{printf "\n%s\n", substr($$0, 4)} /^[a-z-]+:.*## /{name = $$0; sub(/:.*/, "", name); \
	    sub(/^.*## /, ""); printf "  %-13s%s\n", name, $$0}' Makefile
	@echo
	@echo "CHAPTER=01 limits a target to one chapter, where it runs chapters;"
	@echo "PYTHON=python3.12 names another Python, BUILD=cpu takes PyTorch without CUDA;"
	@echo "COURSE_DATA=folder names the data, COURSE_OFFLINE=1 keeps off the network."

## for learning

lab: env  ## get the data and open JupyterLab at chapter 00, or at CHAPTER=03
	@$(VENV) -m tools.get_data
	$(VENV) -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) \
	    --LabApp.default_url=/lab/tree/$(wildcard $(or $(COURSE),notebooks/00_*.ipynb))

test: env  ## run all tests, rules and notebooks; ROOMS="tests/plots notebooks", WORKERS=2 at once
	$(VENV) $(PYTEST) $(if $(CHAPTER),-k $(CHAPTER)_ $(or $(ROOMS),tests/course tests/exercises \
	    notebooks),$(ROOMS))

progress: env  ## show what is right, wrong, not attempted in notebooks/, or in FOLDER=mine
	@$(VENV) -m tools.progress $(if $(FOLDER),'$(FOLDER)')

env:  ## make the environment in .venv; done once, and again when the lock changes
	@"$(PYTHON)" -c "import sys; sys.exit(sys.version_info < (3,))" 2>/dev/null || { printf >&2 \
	    "%s\n" "make env: no program $(PYTHON) here that is Python 3; the course needs Python 3.11 to 3.14." \
	    "Install it from python.org or conda, or name yours: make lab PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -m tools.arguments $(GIVEN)
	@"$(PYTHON)" tools/setup_env.py $(if $(BUILD),--cpu)

## for teaching

edition: env  ## write CHAPTER=03 without answers; ANSWERS=hints keeps hints; FOR=nbgrader
	@$(VENV) -m tools.edition $(if $(ANSWERS),--answers $(ANSWERS)) $(if $(FOR),--$(FOR)) $(COURSE)

grade: env  ## run again and mark the notebooks in SUBMISSIONS=folder; CHAPTER=03, WORKERS=2
	@$(VENV) -m tools.get_data
	@$(VENV) -m tools.grade $(if $(CHAPTER),--chapter $(CHAPTER)) $(if $(WORKERS),--workers \
	    $(WORKERS)) $(if $(SUBMISSIONS),'$(SUBMISSIONS)')

assignment: env  ## write LAB=2 with the numbers of SEED=70412: starter, solution, rubric
	@$(VENV) -m tools.labs $(if $(LAB),--lab $(LAB)) $(if $(SEED),--seed $(SEED))

check-lab: env  ## check SUBMISSION=ada.ipynb, or a folder, for LAB=2 SEED=70412
	@$(VENV) -m tools.lab_check $(if $(LAB),--lab $(LAB)) $(if $(SEED),--seed $(SEED)) \
	    $(if $(SUBMISSION),'$(SUBMISSION)')

slides: env  ## write all chapters' slides, or CHAPTER=03, into build/slides, for no network
	@$(VENV) -m tools.slides $(or $(COURSE),notebooks/*.ipynb)

bundle: env  ## pack the course, its wheels and pictures for machines without a network
	$(VENV) -m tools.bundle

classroom: env  ## run LEARNERS=8 kernels on CHAPTER=01 at once; say the time and memory
	$(VENV) -m tools.classroom $(if $(LEARNERS),--learners $(LEARNERS)) \
	    $(if $(CHAPTER),--chapter $(CHAPTER))

site: env  ## build the course as a site in build/site; SERVE=1 shows it on this machine
	@$(VENV) -m tools.site $(if $(SERVE),--serve)

links: env  ## write all links for the home in pyproject.toml, or for REPO=address BRANCH=dev
	$(VENV) -m tools.links $(if $(REPO),--repo='$(REPO)') $(if $(BRANCH),--branch='$(BRANCH)')

quiz: env  ## write the questions of teaching/quiz as Moodle XML and pages into build/quiz
	@$(VENV) -m tools.quiz $(CHAPTER)

sheets: env  ## write a sheet of one page a chapter, and the glossary, into build/sheets
	@$(VENV) -m tools.sheets $(CHAPTER)

lessons: env  ## write the minutes of each section into the lesson plans, teaching/lessons
	@$(VENV) -m tools.lessons $(CHAPTER)

## for maintaining

notebooks: env  ## execute the notebooks in place; FRESH=1 renews outputs that show times
	$(VENV) -m tools.execute $(if $(FRESH),--fresh) $(COURSE)

distances: env  ## measure how far the numbers of CHAPTER=00 move, in its "about" cells
	$(VENV) -m tools.distances $(or $(COURSE),notebooks/*.ipynb)

format: env  ## format and lint modules and notebooks
	$(VENV) -m ruff format .
	$(VENV) -m ruff check --fix .

browser: env  ## in a real browser, run each chapter in JupyterLab and open each page of the site
	COURSE_BROWSER=1 $(VENV) -m pytest tests/tools/test_browser.py tests/tools/test_site_browser.py

colab: env  ## run each notebook from an empty folder as Colab would, without a network
	$(VENV) -m tools.colab_run $(COURSE)

session: env  ## measure the memory of a whole session as on Binder; CHAPTER=07
	$(VENV) -m tools.session_memory $(or $(COURSE),notebooks/07_*.ipynb)

bench: env  ## measure the course's training against study notes; SEEDS=3 EPOCHS=10
	$(VENV) -m tools.bench $(if $(SEEDS),--seeds $(SEEDS)) $(if $(EPOCHS),--epochs $(EPOCHS)) \
	    $(if $(IMAGES),--images $(IMAGES))

recipe: env  ## train the residual network on Fashion-MNIST; SEEDS=3 EPOCHS=10
	$(VENV) -m tools.recipe $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(SEEDS),--seeds $(SEEDS))

gpu: env  ## on a machine with a GPU, verify chapters 08 and 09, and measure and prove there
	$(VENV) -m tools.gpu

kills: env  ## kill 30 trainings, or KILLS=100, and workers in a third as many; compare the ends
	COURSE_KILLS=$(or $(KILLS),30) $(VENV) -m pytest -rP tests/training/test_resume.py \
	    tests/distributed/test_distributed.py -k killed_at_any_moment

syllabus: env  ## write the last test's time and memory into README and notebooks
	$(VENV) -m tools.syllabus

test-oldest: env  ## run all tests with the oldest versions that pyproject.toml allows
	$(call test-with,lowest-direct,--nbval-sanitize-with tests/oldest_wording.cfg)

test-newest: env  ## run all tests with the newest releases, not the lock's
	$(call test-with,highest)

lock: env  ## renew requirements.lock after a change of pyproject.toml
	$(VENV) -m uv pip compile --universal --generate-hashes --all-extras --quiet \
	    --custom-compile-command "make lock" --no-emit-index-url pyproject.toml -o requirements.lock

# The lock plays no part here: a second environment, kept in build/ and renewed each time.
define test-with
	$(VENV) -m uv venv --quiet --clear --seed --python $(VENV) build/$@
	$(VENV) -m uv pip install --python build/$@ --resolution $(1) --upgrade --all-extras \
	    -r pyproject.toml --editable .
	build/$@/bin/python $(PYTEST) $(2)
endef
