# make start: environment, sample company, dashboard.  make test: all tests.
PYTHON ?= python3.11
BIN := .venv/bin
PORT ?= 8501

.PHONY: start test test-long clickhouse check format docs pictures sample clean

start: .venv/ready sample
	@echo "Guidepost: http://127.0.0.1:$(PORT)  (stop with Ctrl+C)"
	@exec $(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

# The sample company, unless there is a warehouse or an inbox of one's own. A few of its rows are
# bad on purpose, so loading it ends with exit code 2.
sample: .venv/ready
	@if [ -z "$$GUIDEPOST_WAREHOUSE$$GUIDEPOST_INBOX" ] && [ ! -e data/warehouse/CURRENT ]; then \
	  $(BIN)/python -m etl simulate --out data/inbox && \
	  { $(BIN)/python -m etl run || [ $$? -eq 2 ]; }; \
	fi

test: .venv/ready check
	$(BIN)/python -m pytest -m "not long" --numprocesses auto --dist loadscope

test-long: .venv/ready
	$(BIN)/python -m pytest -m long --numprocesses auto --dist loadscope

# ClickHouse's engine (180 MB to fetch): once it is there, tests ask every question of it as well.
clickhouse: .venv/ready
	$(BIN)/pip install --quiet --requirement tests/requirements.txt

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/ready
	GUIDEPOST_REWRITE=1 $(BIN)/python -m pytest tests/test_figures_doc.py tests/test_golden_sql.py

pictures: .venv/ready
	GUIDEPOST_PICTURES=1 $(BIN)/python -m pytest tests/test_browser.py -k pictures

.venv/ready: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.txt
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache
