# Two commands do everything: `make lab` to learn, `make test` to verify.
PYTHON ?= python3
VENV   := .venv/bin/python
AS_ROOT = $(if $(filter 0,$(shell id -u)),--allow-root)
COURSE := $(if $(CHAPTER),notebooks/$(CHAPTER)_*.ipynb)

.DEFAULT_GOAL := help
.PHONY: help env lab test test-oldest test-newest browser notebooks bundle classroom \
        distances bench recipe kills session syllabus links colab format lock

help:  ## list these targets
	@echo "make TARGET, where TARGET is one of"
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 14
	@echo "CHAPTER=01 limits test, notebooks and colab to one chapter;"
	@echo "PYTHON=python3.12 names another Python, BUILD=cpu takes PyTorch without CUDA;"
	@echo "COURSE_DATA=folder names the data, COURSE_OFFLINE=1 keeps off the network."

env:  ## make the environment in .venv; done once, and again when the lock changes
	@command -v "$(PYTHON)" >/dev/null || { printf >&2 "%s\n" \
	    "make env: no program $(PYTHON) here; the course needs Python 3.11 to 3.14." \
	    "Install it from python.org or conda, or name yours: make lab PYTHON=python3.12"; exit 1; }
	@$(PYTHON) tools/setup_env.py $(if $(filter cpu,$(BUILD)),--cpu)

lab: env  ## get the data and open JupyterLab at chapter 00
	@$(VENV) tools/get_data.py
	$(VENV) -m jupyterlab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir="$(CURDIR)" $(AS_ROOT) \
	    --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

test: env  ## run the unit tests, the course's rules and every notebook
	$(VENV) -m pytest --nbval --nbval-current-env --nbval-cell-timeout=900 \
	    $(if $(CHAPTER),-k $(CHAPTER)_ tests/test_course.py tests/test_exercises.py notebooks)

test-oldest: env  ## run all tests with the oldest versions that pyproject.toml allows
	$(call test-with,lowest-direct,--nbval-sanitize-with tests/oldest_wording.cfg)

test-newest: env  ## run all tests with the newest releases, not the lock's
	$(call test-with,highest)

# The lock plays no part here: a second environment, kept in build/ and renewed each time.
define test-with
	$(VENV) -m uv venv --quiet --clear --seed --python $(VENV) build/$@
	$(VENV) -m uv pip install --python build/$@ --resolution $(1) --upgrade --all-extras \
	    -r pyproject.toml --editable .
	build/$@/bin/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=900 $(2)
endef

browser: env  ## open each chapter in JupyterLab in a real browser and run all its cells
	COURSE_BROWSER=1 $(VENV) -m pytest tests/test_browser.py

notebooks: env  ## execute the notebooks in place; FRESH=1 renews outputs that show times
	$(VENV) tools/execute.py $(if $(FRESH),--fresh) $(COURSE)

distances: env  ## measure how far the numbers of CHAPTER=00 move, in its "about" cells
	$(VENV) -m tools.distances $(or $(COURSE),notebooks/*.ipynb)

bundle: env  ## pack the course, its wheels and pictures for machines without a network
	$(VENV) tools/bundle.py

classroom: env  ## run LEARNERS=8 kernels on CHAPTER=01 at once; say the time and memory
	$(VENV) tools/classroom.py $(if $(LEARNERS),--learners $(LEARNERS)) \
	    $(if $(CHAPTER),--chapter $(CHAPTER))

bench: env  ## measure the course's training against study notes; SEEDS=3 EPOCHS=10
	$(VENV) tools/bench.py $(if $(SEEDS),--seeds $(SEEDS)) $(if $(EPOCHS),--epochs $(EPOCHS)) \
	    $(if $(IMAGES),--images $(IMAGES))

recipe: env  ## train the residual network on Fashion-MNIST; EPOCHS=24
	$(VENV) tools/recipe.py $(if $(EPOCHS),--epochs $(EPOCHS))

kills: env  ## kill 30 trainings, or KILLS=100, at random moments and compare how they end
	COURSE_KILLS=$(or $(KILLS),30) $(VENV) -m pytest -rP tests/test_resume.py -k killed

session: env  ## measure the memory of a whole session as on Binder; CHAPTER=07
	$(VENV) tools/session_memory.py $(or $(COURSE),notebooks/07_*.ipynb)

syllabus: env  ## write the last test's time and memory into README and notebooks
	$(VENV) tools/syllabus.py

links: env  ## write all links for the home in pyproject.toml, or for REPO=address BRANCH=dev
	$(VENV) tools/links.py $(if $(REPO),--repo='$(REPO)') $(if $(BRANCH),--branch='$(BRANCH)')

colab: env  ## run each notebook from an empty folder as Colab would, without a network
	$(VENV) tools/colab_run.py $(COURSE)

format: env  ## format and lint modules and notebooks
	$(VENV) -m ruff format .
	$(VENV) -m ruff check --fix .

lock: env  ## renew requirements.lock after a change of pyproject.toml
	$(VENV) -m uv pip compile --universal --generate-hashes --all-extras --quiet \
	    --custom-compile-command "make lock" --no-emit-index-url pyproject.toml -o requirements.lock
