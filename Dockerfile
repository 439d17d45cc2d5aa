# The bot as an image. The database, the office's folder and the settings stay outside:
#   docker build --tag ungxu .
#   docker run --detach --restart always --env-file .env --volume ungxu-data:/data ungxu

FROM python:3.12-slim

WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY knowledge knowledge
COPY storage storage
COPY handlers handlers
COPY bot bot
RUN pip install --no-cache-dir --constraint constraints.txt . \
    && useradd --system --home /data ungxu \
    && install --directory --owner ungxu --mode 700 /data

USER ungxu
WORKDIR /data
ENV UNGXU_DATA=/data
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["ungxu"]
CMD ["run"]
