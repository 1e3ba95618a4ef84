"""How gunicorn serves the site, whoever starts it in this folder; what stands on its command line goes before."""

worker_class = "config.server.Worker"
logger_class = "config.server.Log"
