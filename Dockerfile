# Grading where there is no bubblewrap (macOS, Windows):
#   docker build -t course .
#   docker run --rm --privileged -v "$PWD:/course" -w /course course grade convolution
# --privileged lets bubblewrap make its name spaces; student code gets none of those privileges (`course doctor`).
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
COPY . /opt/course
RUN pip install --no-cache-dir --constraint /opt/course/constraints.txt "/opt/course[grading,features]" \
    --extra-index-url https://download.pytorch.org/whl/cpu
ENTRYPOINT ["course"]
